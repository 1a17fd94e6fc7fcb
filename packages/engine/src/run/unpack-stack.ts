import type { Cancellable } from "@cooper/archive";
import type { Image } from "@cooper/oci";
import { type UnpackedLayers, unpackLayers, type UnpackOptions } from "../snapshot/unpack-layers.ts";
import { mapsManyIds, privilege } from "./namespace.ts";

/** Unpacks an image's layers in the form that this process can mount. */
export async function unpackStack(
  image: Image,
  options: Cancellable & Pick<UnpackOptions, "home" | "onEvent">,
): Promise<UnpackedLayers> {
  const isRoot = privilege() === "root";
  return await unpackLayers(image, {
    home: options.home,
    owners: isRoot || mapsManyIds() ? "keep" : "record",
    overlayXattrs: isRoot ? "trusted" : "user",
    onEvent: options.onEvent,
    signal: options.signal,
  });
}
