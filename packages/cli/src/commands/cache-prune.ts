import { openCache } from "@cooper/distro";
import { trimBuildCache } from "@cooper/engine";
import { cooperHome } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { formatBytes } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import { parseAmount } from "../parsing.ts";
import type { CachePruneAnswer } from "../schemas/packages.ts";

type Flags = GlobalFlags & JsonFlag & { readonly keep?: number | undefined };

export const cachePrune = defineCommand<Flags, []>({
  description: `Removes what was not used for longest, of what was fetched and of what builds from source keep, until each of the
two is no larger than --keep; without it, everything. What builds that run have used stays. Ends with 75 where another
command uses what was fetched. By itself each is held to $COOPER_CACHE_LIMIT, or 20g and no more than stays free beside it.`,
  examples: [
    { run: "cache prune --keep 2g", shows: "Of each, keep the 2 GiB that were used last" },
    { run: "cache prune", shows: "Remove everything" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      keep: {
        kind: "parsed",
        parse: parseAmount,
        optional: true,
        brief: "Leave at most this much of each: 500m, 2g",
        placeholder: "SIZE",
      },
    },
    positional: { kind: "tuple", parameters: [] },
  },
  async run(terminal, flags) {
    const limit = flags.keep ?? 0;
    const built = await trimBuildCache(cooperHome(), { limit, signal: terminal.signal });
    const cache = await openCache();
    try {
      const fetched = await cache.trim(limit);
      if (fetched === undefined) {
        terminal.status = 75;
        terminal.note("Another command uses what was fetched: try again when it has ended.");
      }
      const freed = built.freed + (fetched ?? 0);
      if (flags.json === true) terminal.answerJson({ freed } satisfies CachePruneAnswer);
      else terminal.answer(`freed ${formatBytes(freed)}`);
    } finally {
      await cache.close();
    }
  },
});
