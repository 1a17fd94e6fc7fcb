import { parseReference } from "@cooper/oci";
import { openStore, storeName } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { globalFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";

export const storeRm = defineCommand<GlobalFlags, string[]>({
  usage: "NAME...",
  description: `Takes names out of Cooper's store. What no name needs any more goes with the next "cooper store gc".`,
  examples: [{ run: "store rm app:v1", shows: "Forget a name" }],
  parameters: {
    flags: globalFlags,
    positional: {
      kind: "array",
      minimum: 1,
      parameter: {
        placeholder: "name",
        brief: "Names as store ls shows them, or shorter: app:v1",
        parse: String,
      },
    },
  },
  async run(terminal, _flags, ...names) {
    const store = openStore({ signal: terminal.signal });
    try {
      for (const name of names) {
        const reference = parseReference(name.startsWith("store:") ? name : `store:${name}`);
        if (reference.scheme === "store")
          await store.remove(storeName(reference), { signal: terminal.signal });
      }
    } finally {
      await store.close();
    }
  },
});
