import { detect as detectSource, openSource } from "@cooper/build";
import { cooperHome } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { table } from "../display/table.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";

export const detect = defineCommand<GlobalFlags & JsonFlag, [string | undefined]>({
  description: `Says which providers take an application's source for one of their own, and why. The first one makes the
plan, unless --provider names another.`,
  examples: [
    { run: "detect .", shows: "Of the current directory" },
    { run: "detect --json ./shop", shows: "As JSON" },
  ],
  parameters: {
    flags: { ...globalFlags, ...jsonFlag },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "path", brief: "The source; default: .", parse: String, optional: true }],
    },
  },
  async run(terminal, flags, path = ".") {
    const matches = detectSource(await openSource(path, cooperHome()));
    if (flags.json === true) return terminal.answerJson({ matches });
    if (matches.length === 0) {
      terminal.status = 1;
      terminal.note("No provider takes this for one of its own.");
      return;
    }
    terminal.answer(
      table([["PROVIDER", "BECAUSE OF"], ...matches.map(({ provider, reason }) => [provider, reason])]),
    );
  },
});
