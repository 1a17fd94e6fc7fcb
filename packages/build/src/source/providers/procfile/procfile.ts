import { distributionOf, ECOSYSTEMS } from "../../distribution/distribution.ts";
import type { Need } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import { readProcfile } from "../../project/procfile.ts";
import type { Provider } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { interpreterOf } from "../shell/interpreter.ts";
import { packagesOfScript } from "../shell/programs.ts";

/** An application that says nothing of itself but how it is started: programs that were built elsewhere, or scripts. */
export const procfile: Provider = {
  name: "procfile",
  ecosystems: ECOSYSTEMS,
  detect: (source) => (source.has("Procfile") ? "Procfile" : undefined),
  plan: (source, settings) =>
    finishPlan(
      {
        name: "procfile",
        steps: {},
        deploy: {
          root: [referenceTo(distributionOf(settings), packagesOf(source))],
          copies: [{ from: "source", source: ".", target: "app" }],
          start: undefined,
          environment: { PORT: "8080" },
          ports: [8080],
        },
      },
      source,
      settings,
    ),
};

/** Of the commands, and of the scripts of the source that they name. */
function packagesOf(source: Source): readonly Need[] {
  const commands = [...readProcfile(source).values()];
  const scripts = commands
    .flatMap((command) => command.split(/[\s;&|]+/))
    .map((word) => word.replace(/^\.\//, ""))
    .filter((word) => source.has(word));
  const needs = scripts.flatMap((path) => {
    const text = source.text(path) ?? "";
    return text.startsWith("#!") ? [...interpreterOf(path, text).packages, ...packagesOfScript(text)] : [];
  });
  return ["shell", "coreutils", ...needs, ...commands.flatMap((command) => packagesOfScript(command))];
}
