import { GZIP_WRITER_VERSION, TAR_WRITER_VERSION, ZSTD_WRITER_VERSION } from "@cooper/archive";
import { flatten, type MakerReference } from "@cooper/oci";
import type { Scheme } from "@cooper/transport";
import { transformed } from "./transformed.ts";

/** `flatten:REF`: the image, or every image of the index, that REF names, with one layer. */
export const flattenScheme: Scheme<MakerReference> = {
  name: "flatten",
  open: async ({ rest }, context) =>
    transformed(await context.open(rest), flatten, {
      name: "flatten",
      versions: [TAR_WRITER_VERSION, GZIP_WRITER_VERSION, ZSTD_WRITER_VERSION],
    }),
};
