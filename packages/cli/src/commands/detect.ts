import { join } from "node:path";
import { type ChosenMatch, detectProviders, openProject } from "@cooper/build";
import { cooperHome } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { table } from "../display/table.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import { settingsOf, sourceFlags } from "../source.ts";
import type { SourceFlags } from "../source.ts";

type Flags = GlobalFlags & JsonFlag & Pick<SourceFlags, "provider">;

export const detect = defineCommand<Flags, [string | undefined]>({
  description: `Says which providers take an application's source for one of their own, why, and which of them make the
plan: the one that starts it, and those that join in, as Node does with the front end of a Django application. What
cooper.toml, COOPER_BUILD_PROVIDERS or --provider names counts more than what is found.`,
  examples: [
    { run: "detect .", shows: "Of the current directory" },
    { run: "detect --json ./shop", shows: "As JSON" },
  ],
  usage: "[FLAGS] [PATH]",
  parameters: {
    flags: { ...globalFlags, ...jsonFlag, provider: sourceFlags.provider },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "path", brief: "The source; default: .", parse: String, optional: true }],
    },
  },
  async run(terminal, flags, path = ".") {
    const { source, overlay, subdirectory } = await openProject(path, cooperHome());
    const matches = detectProviders(source, settingsOf(flags), overlay);
    if (flags.json === true) return terminal.answerJson({ matches, subdirectory });
    if (subdirectory !== undefined) terminal.note(`All of it is in ${join(path, subdirectory)}.`);
    if (matches.length === 0) {
      terminal.status = 1;
      terminal.note("No provider takes this for one of its own.");
      return;
    }
    const rows = matches.map(({ provider, reason, part }) => [provider, reason, PARTS[part]]);
    terminal.answer(table([["PROVIDER", "BECAUSE OF", "ITS PART"], ...rows]));
  },
});

const PARTS: Readonly<Record<ChosenMatch["part"], string>> = {
  starts: "starts it",
  joins: "joins in",
  none: "none",
};
