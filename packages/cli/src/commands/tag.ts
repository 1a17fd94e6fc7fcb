import { addTag, listTags } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { printable } from "../display/printable.ts";
import { globalFlags, jsonFlag, registryFlags } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { placeOptions, referenceArgument } from "../places.ts";

export const tag = defineCommand<GlobalFlags & JsonFlag & RegistryFlags, [string, string | undefined]>({
  description: `Gives an image one more tag in the same place, and prints its digest; only the manifest is sent. Without
a new tag, lists the tags of the repository, layout or store.`,
  examples: [
    { run: "tag ghcr.io/me/app@sha256:… v1.2", shows: "Name a digest" },
    { run: "tag oci:out:v1 latest", shows: "In a layout" },
    { run: "tag ghcr.io/me/app", shows: "List the tags" },
  ],
  parameters: {
    flags: { ...globalFlags, ...jsonFlag, ...registryFlags },
    positional: {
      kind: "tuple",
      parameters: [
        referenceArgument("What to name"),
        { placeholder: "tag", brief: "The further tag", parse: String, optional: true },
      ],
    },
  },
  async run(terminal, flags, ref, newTag) {
    const options = placeOptions(terminal, flags);
    if (newTag !== undefined) {
      const { digest } = await addTag(ref, newTag, options);
      terminal.answer(digest);
      return;
    }
    const tags = await listTags(ref, options);
    if (flags.json === true) terminal.answerJson({ tags });
    else if (tags.length > 0) terminal.answer(tags.map(printable).join("\n"));
  },
});
