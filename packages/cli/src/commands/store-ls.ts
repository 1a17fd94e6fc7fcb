import { familiarName, parseDockerName } from "@cooper/oci";
import { openStore } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { printable } from "../display/printable.ts";
import { table } from "../display/table.ts";
import { shortDigest } from "../display/transfer.ts";
import { formatBytes } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import type { StoreLsAnswer } from "../schemas/store.ts";

export const storeLs = defineCommand<GlobalFlags & JsonFlag, []>({
  description: `Lists the images of Cooper's store ($COOPER_HOME, by default ~/.local/share/cooper), and says how
much room it takes.`,
  examples: [{ run: "store ls", shows: "What -t NAME has put there" }],
  parameters: { flags: { ...globalFlags, ...jsonFlag } },
  async run(terminal, flags) {
    const store = openStore({ signal: terminal.signal });
    try {
      const [images, usage] = await Promise.all([store.images(), store.usage()]);
      if (flags.json === true) {
        terminal.answerJson({
          images: images.map(({ name, descriptor, size }) => {
            const { digest, mediaType } = descriptor;
            return { ...(name === undefined ? {} : { name }), digest, mediaType, size };
          }),
          usage,
        } satisfies StoreLsAnswer);
        return;
      }
      const rows = images.map(({ name, descriptor, size }) => [
        name === undefined ? "(no name)" : printable(familiarName(parseDockerName(name))),
        shortDigest(descriptor.digest),
        formatBytes(size),
      ]);
      if (rows.length > 0) terminal.answer(table([["NAME", "DIGEST", "SIZE"], ...rows], { right: [2] }));
      const { blobs, bytes, reclaimable } = usage;
      terminal.note(`${blobs} blobs, ${formatBytes(bytes)}; gc would free ${formatBytes(reclaimable)}`);
    } finally {
      await store.close();
    }
  },
});
