import type { Cancellable } from "@cooper/archive";
import { compressionOfMediaType } from "@cooper/oci";
import type { Image } from "@cooper/oci";
import { convert } from "../copy/convert.ts";
import { TransportError } from "../errors.ts";

/** Makes of an image what Docker 20.10 can load: it decompresses gzip and knows nothing of zstd. */
export async function forDocker(image: Image, options: Cancellable): Promise<Image> {
  const layers = await image.layers(options);
  const forms = layers.map(({ mediaType }) => compressionOfMediaType(mediaType));
  if (forms.includes(undefined)) {
    throw new TransportError("UNSUPPORTED", "a Docker archive holds images and no artifacts", {
      advice: "Write it to oci:DIRECTORY or oci-archive:FILE.",
    });
  }
  return forms.includes("zstd") ? convert(image, { compression: { compression: "none" } }) : image;
}
