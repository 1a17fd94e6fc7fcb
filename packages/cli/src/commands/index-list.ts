import { defineCommand } from "../command.ts";
import { descriptorTable } from "../display/summary.ts";
import { globalFlags, jsonFlag, registryFlags } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { placeOptions, referenceArgument, requireIndex, withOpened } from "../places.ts";

export const indexList = defineCommand<GlobalFlags & JsonFlag & RegistryFlags, [string]>({
  description: `Lists the manifests of an index: platform, media type, size, digest.`,
  examples: [{ run: "index list alpine:3", shows: "The platforms that there are" }],
  parameters: {
    flags: { ...globalFlags, ...jsonFlag, ...registryFlags },
    positional: { kind: "tuple", parameters: [referenceArgument("The index")] },
  },
  async run(terminal, flags, ref) {
    const { signal } = terminal;
    await withOpened(ref, placeOptions(terminal, flags), async ({ content }) => {
      const { manifests } = await requireIndex(content, ref).manifest({ signal });
      if (flags.json === true) terminal.answerJson({ digest: await content.digest({ signal }), manifests });
      else terminal.answer(descriptorTable(manifests));
    });
  },
});
