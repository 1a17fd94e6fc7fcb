import { ZSTD_WRITER_VERSION } from "@cooper/archive";
import { type MakerReference, withCompression, withMediaTypes } from "@cooper/oci";
import type { Scheme } from "@cooper/transport";
import { transformed } from "./transformed.ts";

/** `zstd:REF`: what REF names, its layers compressed with zstd. That makes it OCI's: Docker's types have no zstd. */
export const zstdScheme: Scheme<MakerReference> = {
  name: "zstd",
  open: async ({ rest }, context) =>
    transformed(
      await context.open(rest),
      (content) => withCompression(withMediaTypes(content, "oci"), { compression: "zstd" }),
      { name: "zstd", versions: [ZSTD_WRITER_VERSION] },
    ),
};
