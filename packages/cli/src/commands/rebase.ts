import { formatDockerName, rebase as rebaseImage } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { globalFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import {
  outputAliases,
  outputFlags,
  placeOptions,
  referenceArgument,
  scopeFlags,
  scopeOf,
  withOpened,
  writeOutput,
} from "../places.ts";
import type { OutputFlags, ScopeFlags } from "../places.ts";

type Flags = GlobalFlags & OutputFlags & ScopeFlags & { readonly oldBase: string; readonly newBase: string };

export const rebase = defineCommand<Flags, [string]>({
  description: `Puts an image, or every image of an index, on another base and prints the new digest: the layers of the
old base, which must be its first ones, give way to those of the new base. Nothing is built again, and
no layer that the destination has is read.`,
  examples: [
    {
      run: "rebase --old-base alpine:3.19 --new-base alpine:3.20 ghcr.io/me/app:v1 -o docker://ghcr.io/me/app:v1.1",
      shows: "A patched base under an application",
    },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...outputFlags,
      ...scopeFlags,
      oldBase: { kind: "parsed", parse: String, brief: "The base that it was built on", placeholder: "REF" },
      newBase: { kind: "parsed", parse: String, brief: "The base that it shall have", placeholder: "REF" },
    },
    aliases: outputAliases,
    positional: { kind: "tuple", parameters: [referenceArgument("What to put on another base")] },
  },
  async run(terminal, flags, ref) {
    const options = placeOptions(terminal, flags);
    await withOpened(ref, options, async (image) => {
      await withOpened(flags.oldBase, options, async (oldBase) => {
        await withOpened(flags.newBase, options, async (newBase) => {
          const { reference } = newBase;
          const baseName = reference.scheme === "docker" ? formatDockerName(reference) : undefined;
          const change = { ...scopeOf(flags), baseName };
          await writeOutput(
            terminal,
            flags,
            rebaseImage(image.content, oldBase.content, newBase.content, change),
          );
        });
      });
    });
  },
});
