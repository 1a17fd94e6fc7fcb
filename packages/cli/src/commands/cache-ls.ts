import { buildCacheEntries } from "@cooper/engine";
import { cooperHome } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { printable } from "../display/printable.ts";
import { clip } from "../display/progress.ts";
import { table } from "../display/table.ts";
import { formatBytes, formatSeconds } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import type { CacheLsAnswer } from "../schemas/packages.ts";

/** Columns of a description where nobody says how wide the answer may be. */
const WIDTH = 80;

export const cacheLs = defineCommand<GlobalFlags & JsonFlag, []>({
  description: `Lists what builds from source keep under $COOPER_HOME, what was used last first: steps and the layers that
they gave, unpacked layers, what cache mounts show, repositories of git, images that steps stand on. All of it can be
made again. What was fetched lies elsewhere: cooper cache du counts both.`,
  examples: [
    { run: "cache ls", shows: "Steps, layers, mounts, with their sizes" },
    { run: "cache ls --json", shows: "With whole keys" },
  ],
  parameters: {
    flags: { ...globalFlags, ...jsonFlag },
    positional: { kind: "tuple", parameters: [] },
  },
  async run(terminal, flags) {
    const entries = buildCacheEntries(cooperHome());
    if (flags.json === true) {
      const list = entries.map(({ kind, id, description, size, usedAt }) => ({
        kind,
        id,
        description,
        size,
        usedAt: new Date(usedAt).toISOString(),
      }));
      terminal.answerJson({ entries: list } satisfies CacheLsAnswer);
      return;
    }
    const rows = entries.map(({ kind, id, description, size, usedAt }) => [
      kind,
      id.replace(/^sha256-/, "").slice(0, 12),
      formatBytes(size),
      `${formatSeconds(Math.max(0, Date.now() - usedAt) / 1000)} ago`,
      clip(printable(description), WIDTH),
    ]);
    if (rows.length > 0)
      terminal.answer(table([["KIND", "ID", "SIZE", "USED", "WHAT"], ...rows], { right: [2] }));
    const sum = entries.reduce((total, { size }) => total + size, 0);
    terminal.note(`${entries.length} entries, ${formatBytes(sum)}`);
  },
});
