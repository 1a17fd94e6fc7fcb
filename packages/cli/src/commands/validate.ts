import { validate as validateContent } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { printable } from "../display/printable.ts";
import { flag, globalFlags, jsonFlag, registryFlags } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { placeOptions, platformFlag, referenceArgument, withOpened } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags & JsonFlag & RegistryFlags & PlatformFlag & { readonly fast?: boolean | undefined };

export const validate = defineCommand<Flags, [string]>({
  description: `Reads an image, or an index with all its platforms, and checks every digest, size and diffID, that the
config fits the layers, and that each layer is a tar. Prints all that does not fit, not only the first;
the exit status then is 1.`,
  examples: [
    { run: "validate oci:out:v1", shows: "Everything" },
    { run: "validate --fast alpine:3", shows: "Manifests and configs only; no layer is downloaded" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...registryFlags,
      ...platformFlag,
      fast: flag("Read no layers"),
    },
    positional: { kind: "tuple", parameters: [referenceArgument("What to check")] },
  },
  async run(terminal, flags, ref) {
    const { signal } = terminal;
    const options = { ...placeOptions(terminal, flags), platform: flags.platform };
    await withOpened(ref, options, async ({ content }) => {
      const mismatches = await validateContent(content, {
        depth: flags.fast === true ? "fast" : "full",
        signal,
      });
      const digest = await content.digest({ signal });
      if (flags.json === true) terminal.answerJson({ digest, valid: mismatches.length === 0, mismatches });
      else for (const mismatch of mismatches) terminal.answer(printable(mismatch.message));
      if (mismatches.length > 0) terminal.status = 1;
      else terminal.note(`${digest} is valid`);
    });
  },
});
