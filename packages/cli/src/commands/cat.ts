import { viewRoot } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { globalFlags, registryFlags } from "../flags.ts";
import type { GlobalFlags, RegistryFlags } from "../flags.ts";
import { placeOptions, platformFlag, referenceArgument, withImage } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

export const cat = defineCommand<GlobalFlags & RegistryFlags & PlatformFlag, [string, string]>({
  description: `Prints a file of an image, as a container would see it: layers merged, symlinks followed.`,
  examples: [
    { run: "cat alpine:3 /etc/os-release", shows: "Which release it is" },
    {
      run: "cat --platform linux/arm64 alpine:3 /bin/busybox > busybox",
      shows: "A program for another machine",
    },
  ],
  parameters: {
    flags: { ...globalFlags, ...registryFlags, ...platformFlag },
    positional: {
      kind: "tuple",
      parameters: [
        referenceArgument("Whose file"),
        { placeholder: "path", brief: "Which file, from the image's root", parse: String },
      ],
    },
  },
  async run(terminal, flags, ref, path) {
    const options = { ...placeOptions(terminal, flags), platform: flags.platform };
    await withImage(ref, options, async (image) => {
      const view = await viewRoot(image, { signal: terminal.signal });
      await terminal.answerBytes(view.open(path));
    });
  },
});
