import { pruneRuns } from "@cooper/engine";
import { cooperHome, openStore } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { formatBytes } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import type { StorePruneAnswer } from "../schemas/store.ts";

export const storePrune = defineCommand<GlobalFlags & JsonFlag, []>({
  description: `Does what "cooper store gc" does, and also removes the images that have no name and the layers that
"cooper run" has unpacked, unless a container uses them. What has a name stays.`,
  examples: [{ run: "store prune", shows: "Free all that can be made or fetched again" }],
  parameters: { flags: { ...globalFlags, ...jsonFlag } },
  async run(terminal, flags) {
    const store = openStore({ signal: terminal.signal });
    try {
      const collected = await store.collect({ untagged: "remove", signal: terminal.signal });
      const layers = pruneRuns(cooperHome());
      const { removed, bytes, kept } = collected;
      if (flags.json === true) {
        terminal.answerJson({
          removed,
          bytes,
          kept,
          unpackedLayers: layers.length,
        } satisfies StorePruneAnswer);
      } else {
        terminal.answer(
          `${removed} blobs removed, ${formatBytes(bytes)} freed, ${kept} blobs kept, ${layers.length} unpacked layers removed`,
        );
      }
    } finally {
      await store.close();
    }
  },
});
