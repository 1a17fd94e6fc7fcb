import { appendToIndex, childrenOf } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { flag, globalFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import {
  outputAliases,
  outputFlags,
  placeOptions,
  requireIndex,
  withAllOpened,
  withOpened,
  writeOutput,
} from "../places.ts";
import type { OutputFlags } from "../places.ts";

type Flags = GlobalFlags & OutputFlags & { readonly nested?: boolean | undefined };

export const indexAppend = defineCommand<Flags, string[]>({
  usage: "[FLAGS] INDEX REF... -o DEST",
  description: `Adds images to an index, at its end, and prints the new digest. Of an index among them its images are
taken, unless --nested.`,
  examples: [{ run: "index append oci:app:all oci:app:riscv64 -o oci:app:all", shows: "One more platform" }],
  parameters: {
    flags: { ...globalFlags, ...outputFlags, nested: flag("Put an index into the index as it is") },
    aliases: outputAliases,
    positional: {
      kind: "array",
      minimum: 2,
      parameter: { placeholder: "index ref", brief: "The index, then what to add", parse: String },
    },
  },
  async run(terminal, flags, ref, ...references) {
    if (ref === undefined) return;
    const options = placeOptions(terminal, flags);
    await withOpened(ref, options, async ({ content }) => {
      await withAllOpened(references, options, async (contents) => {
        const added =
          flags.nested === true ? contents : await childrenOf(contents, { signal: terminal.signal });
        await writeOutput(terminal, flags, appendToIndex(requireIndex(content, ref), added));
      });
    });
  },
});
