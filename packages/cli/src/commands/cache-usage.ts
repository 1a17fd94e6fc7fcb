import { openCache } from "@cooper/distro";
import type { CacheUsage } from "@cooper/distro";
import { buildCacheEntries } from "@cooper/engine";
import { cooperHome } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { table } from "../display/table.ts";
import { formatBytes } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import type { CacheUsageAnswer } from "../schemas/packages.ts";

export const cacheUsage = defineCommand<GlobalFlags & JsonFlag, []>({
  description: `Says what is kept and can be made again: packages, parsed indexes, finished layers and what was compiled of
Cooper in $COOPER_CACHE_DIR, or $XDG_CACHE_HOME/cooper, or ~/.cache/cooper; and what builds from source keep under $COOPER_HOME.`,
  examples: [{ run: "cache du", shows: "What there is, the largest first" }],
  parameters: {
    flags: { ...globalFlags, ...jsonFlag },
    positional: { kind: "tuple", parameters: [] },
  },
  async run(terminal, flags) {
    const cache = await openCache();
    try {
      const fetched = await cache.usage();
      const kinds = [...fetched.kinds, ...buildKinds(cooperHome())].toSorted((a, b) => b.size - a.size);
      const usage = {
        directory: cache.directory,
        home: cooperHome(),
        entries: kinds.reduce((sum, { entries }) => sum + entries, 0),
        size: kinds.reduce((sum, { size }) => sum + size, 0),
        kinds,
      };
      if (flags.json === true) return terminal.answerJson(usage satisfies CacheUsageAnswer);
      const rows = kinds.map(({ name, entries, size }) => [name, String(entries), formatBytes(size)]);
      const sum = ["total", String(usage.entries), formatBytes(usage.size)];
      terminal.answer(table([["KIND", "ENTRIES", "SIZE"], ...rows, sum], { right: [1, 2] }));
    } finally {
      await cache.close();
    }
  },
});

function buildKinds(home: string): CacheUsage["kinds"] {
  const kinds = Map.groupBy(buildCacheEntries(home), ({ kind }) => `build/${kind}`);
  return [...kinds].map(([name, entries]) => ({
    name,
    entries: entries.length,
    size: entries.reduce((sum, { size }) => sum + size, 0),
  }));
}
