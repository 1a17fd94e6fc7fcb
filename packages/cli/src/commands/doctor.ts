import { defineCommand } from "../command.ts";
import { flag, globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";

type Flags = GlobalFlags & JsonFlag & { readonly install?: boolean | undefined };

export const doctor = defineCommand<Flags, []>({
  description: "Says what this host can do.",
  examples: [{ run: "doctor", shows: "What works here, and what to install for the rest" }],
  parameters: {
    flags: { ...globalFlags, ...jsonFlag, install: flag("Install what is missing with apt-get (root)") },
  },
  async run(terminal) {
    terminal.answer("ok");
  },
});
