import type { Descriptor, DiffId } from "@cooper/oci";

/** What happens while layers are unpacked, for a display. */
export type SnapshotEvent =
  | { readonly type: "layer-cached"; readonly diffId: DiffId }
  | { readonly type: "layer-start"; readonly descriptor: Descriptor | undefined }
  | { readonly type: "layer-done"; readonly diffId: DiffId };
