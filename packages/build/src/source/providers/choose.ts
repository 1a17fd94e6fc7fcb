import { BuildError } from "../../errors.ts";
import { detect } from "./detect.ts";
import type { Provider } from "./provider.ts";
import { PROVIDERS } from "./table.ts";
import { SPLICE } from "../overlay/settings.ts";
import { isTable, type Source } from "../project/source.ts";

/** Languages whose applications often have a front end that Node builds. */
const WITH_FRONT_END: readonly string[] = ["python", "php", "ruby", "go", "java"];
const FRONT_END = "node";

/**
 * The providers that make the plan; the first one starts the application. Those that are named (`...` is
 * what would be taken otherwise), else the first that matches, and Node for its front end where it has
 * one. Empty where none matches. `PROVIDER_UNKNOWN`
 */
export function chooseProviders(source: Source, named: readonly string[] | undefined): readonly Provider[] {
  const names = (named ?? [SPLICE]).flatMap((name) => (name === SPLICE ? found(source) : [name]));
  return [...new Set(names)].map(providerOf);
}

function found(source: Source): readonly string[] {
  const names = detect(source).map(({ provider }) => provider);
  const [first] = names;
  if (first === undefined) return [];
  const hasFrontEnd = WITH_FRONT_END.includes(first) && names.includes(FRONT_END) && hasBuildScript(source);
  return hasFrontEnd ? [first, FRONT_END] : [first];
}

function hasBuildScript(source: Source): boolean {
  const manifest = source.json("package.json");
  const scripts = isTable(manifest) ? manifest["scripts"] : undefined;
  return isTable(scripts) && typeof scripts["build"] === "string";
}

function providerOf(name: string): Provider {
  const provider = PROVIDERS.find((each) => each.name === name);
  if (provider !== undefined) return provider;
  throw new BuildError("PROVIDER_UNKNOWN", `there is no provider ${name}`, {
    kind: "usage",
    advice: `These are: ${PROVIDERS.map((each) => each.name).join(", ")}.`,
  });
}

/** `NO_PROVIDER`, with what the source has, and what would help. */
export function noProvider(source: Source): BuildError {
  const seen = source.paths.filter((path) => !path.includes("/")).slice(0, 10);
  return new BuildError("NO_PROVIDER", `nothing in ${source.directory} says what kind of application it is`, {
    advice: `It has ${seen.length === 0 ? "no files" : seen.join(", ")}. Add a Procfile with web: COMMAND, or name a provider.`,
    fields: { path: source.directory },
  });
}
