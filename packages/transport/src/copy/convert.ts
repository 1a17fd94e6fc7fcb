import { withCompression, withMediaTypes } from "@cooper/oci";
import type { Content, Format, Image, LayerCompression } from "@cooper/oci";

export interface Conversion {
  readonly format?: Format | undefined;
  readonly compression?: LayerCompressionOptions | undefined;
}

export interface LayerCompressionOptions {
  readonly compression: LayerCompression;
  /** As archive's `compress` takes it. With one, layers that have this compression are compressed anew as well. */
  readonly level?: number | undefined;
}

/** Content with other media types, its layers compressed anew. `UNREPRESENTABLE` */
export function convert(content: Image, conversion: Conversion): Image;
export function convert(content: Content, conversion: Conversion): Content;
export function convert(content: Content, { format, compression }: Conversion): Content {
  const compress = (given: Content): Content =>
    compression === undefined ? given : withCompression(given, compression);
  // Docker's family has no zstd: layers come out of it after they got their types, and into it before.
  if (format === "oci") return compress(withMediaTypes(content, format));
  return format === undefined ? compress(content) : withMediaTypes(compress(content), format);
}
