import { distributionOf, ECOSYSTEMS } from "../../distribution/distribution.ts";
import type { Need } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import type { Provider } from "../provider.ts";
import { interpreterOf } from "./interpreter.ts";
import { packagesOfScript } from "./programs.ts";

const SCRIPTS = ["start.sh", "run.sh", "entrypoint.sh", "main.sh"] as const;

/** A script that starts the application: its first line says what runs it, its words what that needs. */
export const shell: Provider = {
  name: "shell",
  ecosystems: ECOSYSTEMS,
  detect: (source) => SCRIPTS.find((path) => source.has(path)),
  plan: (source, settings) => {
    const script = SCRIPTS.find((path) => source.has(path));
    const text = script === undefined ? "" : (source.text(script) ?? "");
    const interpreter = interpreterOf(script ?? "", text);
    const needs: readonly Need[] = ["init", ...interpreter.packages, "coreutils", ...packagesOfScript(text)];
    return finishPlan(
      {
        name: "shell",
        steps: {},
        deploy: {
          root: [referenceTo(distributionOf(settings), needs)],
          copies: [{ from: "source", source: ".", target: "app" }],
          // As the first process a shell would hear no SIGTERM; this one hands it to all that it starts.
          start: script === undefined ? undefined : ["tini", "-g", "--", ...interpreter.command, script],
          ...(text.includes("PORT") ? { environment: { PORT: "8080" }, ports: [8080] } : {}),
        },
      },
      source,
      settings,
    );
  },
};
