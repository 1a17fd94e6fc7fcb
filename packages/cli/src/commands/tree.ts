import { contentTree, openContent } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { drawTree } from "../display/tree.ts";
import { globalFlags, jsonFlag, registryFlags } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { placeOptions, platformFlag, referenceArgument, withOpened } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags & JsonFlag & RegistryFlags & PlatformFlag;

export const tree = defineCommand<Flags, [string]>({
  description: `Shows all that a reference leads to, with sizes and digests: the manifests of an index, their configs
and layers, and what refers to each of them. Reads manifests only.`,
  examples: [
    { run: "tree alpine:3", shows: "An index with its platforms and attestations" },
    { run: "tree oci:out:v1", shows: "One image of a layout" },
  ],
  parameters: {
    flags: { ...globalFlags, ...jsonFlag, ...registryFlags, ...platformFlag },
    positional: { kind: "tuple", parameters: [referenceArgument("Where to begin")] },
  },
  async run(terminal, flags, ref) {
    const { signal } = terminal;
    const options = { ...placeOptions(terminal, flags), platform: flags.platform };
    await withOpened(ref, options, async ({ content, repository }) => {
      const root = await contentTree(content, {
        signal,
        ...(repository === undefined
          ? {}
          : {
              referrersOf: async (digest) => await repository.referrers(digest, { signal }),
              open: (descriptor) => openContent(repository, descriptor),
            }),
      });
      if (flags.json === true) terminal.answerJson(root);
      else terminal.answer(drawTree(terminal, root));
    });
  },
});
