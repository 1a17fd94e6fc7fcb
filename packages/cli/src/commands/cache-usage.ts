import { openCache } from "@cooper/distro";
import { defineCommand } from "../command.ts";
import { table } from "../display/table.ts";
import { formatBytes } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";

export const cacheUsage = defineCommand<GlobalFlags & JsonFlag, []>({
  description: `Says what the cache holds: packages, parsed indexes, finished layers. It lies in $COOPER_CACHE_DIR, or in
$XDG_CACHE_HOME/cooper, or in ~/.cache/cooper; everything in it can be made again.`,
  examples: [{ run: "cache du", shows: "What there is, the largest first" }],
  parameters: {
    flags: { ...globalFlags, ...jsonFlag },
    positional: { kind: "tuple", parameters: [] },
  },
  async run(terminal, flags) {
    const cache = await openCache();
    try {
      const usage = await cache.usage();
      if (flags.json === true) return terminal.answerJson({ directory: cache.directory, ...usage });
      const rows = usage.kinds.map(({ name, entries, size }) => [name, String(entries), formatBytes(size)]);
      const sum = ["total", String(usage.entries), formatBytes(usage.size)];
      terminal.answer(table([["KIND", "ENTRIES", "SIZE"], ...rows, sum], { right: [1, 2] }));
    } finally {
      await cache.close();
    }
  },
});
