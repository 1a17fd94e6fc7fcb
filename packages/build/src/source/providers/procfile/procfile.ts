import { finishPlan } from "../../finish-plan.ts";
import type { Provider } from "../../provider.ts";

/** An application that says nothing of itself but how it is started: a Procfile, or `start.sh`. */
export const procfile: Provider = {
  name: "procfile",
  detect: (source) => ["Procfile", "start.sh"].find((path) => source.has(path)),
  plan: (source, settings) => {
    const script = source.text("start.sh");
    const interpreter = /^#!\s*(\S+)/.exec(script ?? "")?.[1] ?? "/bin/sh";
    const shell = interpreter.endsWith("bash") ? "apt:bash/coreutils" : "apt:dash/coreutils";
    return finishPlan(
      {
        name: "procfile",
        steps: {},
        deploy: {
          root: [shell],
          copies: [{ from: "source", source: ".", target: "app" }],
          start: script === undefined ? undefined : [interpreter, "start.sh"],
          environment: {},
        },
      },
      source,
      settings,
    );
  },
};
