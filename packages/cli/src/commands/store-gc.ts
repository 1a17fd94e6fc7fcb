import { openStore } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { formatBytes } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import type { StoreGcAnswer } from "../schemas/store.ts";

export const storeGc = defineCommand<GlobalFlags & JsonFlag, []>({
  description: `Removes from Cooper's store the blobs that no image there and no running command needs. Safe at any
moment: other commands wait.`,
  examples: [{ run: "store gc", shows: "Free what is not needed" }],
  parameters: { flags: { ...globalFlags, ...jsonFlag } },
  async run(terminal, flags) {
    const store = openStore({ signal: terminal.signal });
    try {
      const { removed, bytes, kept } = await store.collect({ signal: terminal.signal });
      if (flags.json === true) terminal.answerJson({ removed, bytes, kept } satisfies StoreGcAnswer);
      else terminal.answer(`${removed} blobs removed, ${formatBytes(bytes)} freed, ${kept} blobs kept`);
    } finally {
      await store.close();
    }
  },
});
