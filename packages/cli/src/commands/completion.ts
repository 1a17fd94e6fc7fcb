import { defineCommand } from "../command.ts";
import { COMPLETION_SCRIPTS } from "../completion.ts";
import type { Shell } from "../completion.ts";
import { globalFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export const completion = defineCommand<GlobalFlags, [Shell]>({
  description: "Prints what makes bash, zsh or fish complete cooper's commands and flags.",
  examples: [
    { run: "completion bash > /etc/bash_completion.d/cooper", shows: "For every bash from now on" },
    { run: "completion fish > ~/.config/fish/completions/cooper.fish", shows: "For fish" },
  ],
  parameters: {
    flags: globalFlags,
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "shell",
          brief: "bash, zsh or fish",
          parse: parseShell,
          proposeCompletions: () => SHELLS,
        },
      ],
    },
  },
  async run(terminal, _flags, shell) {
    terminal.answer(COMPLETION_SCRIPTS[shell].trimEnd());
  },
});

function parseShell(text: string): Shell {
  const shell = SHELLS.find((name) => name === text);
  if (shell === undefined) throw new Error("it must be bash, zsh or fish");
  return shell;
}
