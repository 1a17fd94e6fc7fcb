import { openCache } from "@cooper/distro";
import { parseMemory } from "@cooper/engine";
import { defineCommand } from "../command.ts";
import { formatBytes } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";

type Flags = GlobalFlags & JsonFlag & { readonly keep?: number | undefined };

export const cachePrune = defineCommand<Flags, []>({
  description: `Removes from the cache what was not used for longest, until what is left is no larger than --keep; without
it, everything. Ends with 75 where another command uses the cache.`,
  examples: [
    { run: "cache prune --keep 2g", shows: "Keep the 2 GiB that were used last" },
    { run: "cache prune", shows: "Remove everything" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      keep: {
        kind: "parsed",
        parse: parseMemory,
        optional: true,
        brief: "Leave at most this much: 500m, 2g",
        placeholder: "SIZE",
      },
    },
    positional: { kind: "tuple", parameters: [] },
  },
  async run(terminal, flags) {
    const cache = await openCache();
    try {
      const freed = await cache.trim(flags.keep ?? 0);
      if (freed === undefined) {
        terminal.status = 75;
        terminal.note("Another command uses the cache: try again when it has ended.");
        return;
      }
      if (flags.json === true) terminal.answerJson({ freed });
      else terminal.answer(`freed ${formatBytes(freed)}`);
    } finally {
      await cache.close();
    }
  },
});
