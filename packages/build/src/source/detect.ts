import { BuildError } from "../errors.ts";
import type { Match, Provider, Settings } from "./provider.ts";
import type { Plan } from "./plan/plan.ts";
import { PROVIDERS } from "./providers/table.ts";
import type { Source } from "./source.ts";

/** Every provider that takes the source for one of its own, in the order in which they are asked. */
export function detect(source: Source): readonly Match[] {
  return PROVIDERS.flatMap((provider) => {
    const reason = provider.detect(source);
    return reason === undefined ? [] : [{ provider: provider.name, reason }];
  });
}

/**
 * The plan of the first provider that matches, or of the one that is named. `NO_PROVIDER`,
 * `PROVIDER_UNKNOWN`, and what the provider throws
 */
export function planSource(source: Source, settings: Settings, name?: string): Plan {
  return chooseProvider(source, name).plan(source, settings);
}

function chooseProvider(source: Source, name: string | undefined): Provider {
  if (name !== undefined) {
    const named = PROVIDERS.find((provider) => provider.name === name);
    if (named !== undefined) return named;
    throw new BuildError("PROVIDER_UNKNOWN", `there is no provider ${name}`, {
      kind: "usage",
      advice: `These are: ${PROVIDERS.map((provider) => provider.name).join(", ")}.`,
    });
  }
  const first = PROVIDERS.find((provider) => provider.detect(source) !== undefined);
  if (first !== undefined) return first;
  const seen = source.paths.filter((path) => !path.includes("/")).slice(0, 10);
  throw new BuildError("NO_PROVIDER", `nothing in ${source.directory} says what kind of application it is`, {
    advice: `It has ${seen.length === 0 ? "no files" : seen.join(", ")}. Add a Procfile with web: COMMAND, or name a provider.`,
    fields: { path: source.directory },
  });
}
