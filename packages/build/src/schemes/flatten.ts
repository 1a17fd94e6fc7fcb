import { flatten, type MakerReference } from "@cooper/oci";
import type { Scheme } from "@cooper/transport";

/** `flatten:REF`: the image, or every image of the index, that REF names, with one layer. */
export const flattenScheme: Scheme<MakerReference> = {
  name: "flatten",
  open: async ({ rest }, context) => {
    const opened = await context.open(rest);
    return { content: flatten(opened.content), close: opened.close };
  },
};
