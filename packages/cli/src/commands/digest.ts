import { formatReference } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { flag, globalFlags, jsonFlag, registryFlags } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { packageFlags } from "../packages.ts";
import type { PackageFlags } from "../packages.ts";
import { placeOptions, platformFlag, referenceArgument, withOpened } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags &
  JsonFlag &
  RegistryFlags &
  PackageFlags &
  PlatformFlag & { readonly fullRef?: boolean | undefined };

export const digest = defineCommand<Flags, [string]>({
  description: `Prints the digest of what a reference names: of an index as it is, unless --platform picks one of its
images. A registry is only asked, nothing is downloaded.`,
  examples: [
    { run: "digest alpine:3", shows: "The digest of the index" },
    { run: "digest --platform linux/arm64 alpine:3", shows: "Of one of its images" },
    { run: "digest --full-ref alpine:3", shows: "A reference that will always mean this very image" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...registryFlags,
      ...packageFlags,
      ...platformFlag,
      fullRef: flag("Print the whole reference, with the digest in it"),
    },
    positional: { kind: "tuple", parameters: [referenceArgument("What to look up")] },
  },
  async run(terminal, flags, ref) {
    const options = { ...placeOptions(terminal, flags, flags), platform: flags.platform };
    await withOpened(ref, options, async ({ content, descriptor, reference }) => {
      const { signal } = terminal;
      const found = descriptor?.digest ?? (await content.digest({ signal }));
      const isPinnable = "digest" in reference || "tag" in reference;
      const full = isPinnable ? formatReference({ ...reference, tag: undefined, digest: found }) : undefined;
      if (flags.json === true) return terminal.answerJson({ digest: found, reference: full });
      terminal.answer(flags.fullRef === true ? (full ?? found) : found);
    });
  },
});
