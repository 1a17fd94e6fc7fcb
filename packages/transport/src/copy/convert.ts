import type { Content, Format } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import type { LayerCompressionOptions } from "./write.ts";

export interface Conversion {
  readonly format?: Format | undefined;
  readonly compression?: LayerCompressionOptions | undefined;
}

/** Content with other media types, its layers compressed anew. */
export function convert<C extends Content>(content: C, { format, compression }: Conversion): C {
  if (format === undefined && compression === undefined) return content;
  throw new TransportError("UNSUPPORTED", "images cannot be converted yet");
}
