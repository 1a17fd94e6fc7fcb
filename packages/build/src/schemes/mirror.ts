import { type MakerReference, parseReference } from "@cooper/oci";
import { type Scheme, TransportError } from "@cooper/transport";

/**
 * `mirror:REF`: an image of another registry as it is, digests and all. Cooper's registry keeps what
 * it gives out under such a name; everywhere else it is the image itself.
 */
export const mirrorScheme: Scheme<MakerReference> = {
  name: "mirror",
  open: async ({ rest }, context) => {
    const reference = parseReference(rest);
    if (reference.scheme !== "docker") {
      throw new TransportError("UNREADABLE_SCHEME", `mirror:${rest} mirrors no registry`, {
        kind: "usage",
        advice: "Write mirror:docker://HOST/REPOSITORY:TAG.",
      });
    }
    const { content, inputs, close } = await context.open(reference);
    return { content, inputs, close };
  },
};
