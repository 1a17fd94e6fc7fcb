import { writeFileAtomic } from "@cooper/archive";
import { extract } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { globalFlags, registryFlags } from "../flags.ts";
import type { GlobalFlags, RegistryFlags } from "../flags.ts";
import { packageFlags } from "../packages.ts";
import type { PackageFlags } from "../packages.ts";
import { placeOptions, platformFlag, referenceArgument, withImage } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

export const exportFiles = defineCommand<
  GlobalFlags & RegistryFlags & PackageFlags & PlatformFlag,
  [string, string]
>({
  description: `Writes the files of an image, all layers merged as a container would see them, as one tar: into a file,
which appears whole or not at all, or to standard output.`,
  examples: [
    { run: "export alpine:3 rootfs.tar", shows: "Into a file" },
    { run: "export alpine:3 | tar -t", shows: "To a program" },
  ],
  parameters: {
    flags: { ...globalFlags, ...registryFlags, ...packageFlags, ...platformFlag },
    positional: {
      kind: "tuple",
      parameters: [
        referenceArgument("Whose files"),
        { placeholder: "file", brief: "Where to; - is standard output", parse: String, default: "-" },
      ],
    },
  },
  async run(terminal, flags, ref, file) {
    const { signal } = terminal;
    const options = { ...placeOptions(terminal, flags, flags), platform: flags.platform };
    await withImage(ref, options, async (image) => {
      const tar = extract(image, { signal });
      if (file === "-") await terminal.answerBytes(tar);
      else await writeFileAtomic(file, tar, { signal });
    });
  },
});
