export type { Digest, DiffId } from "./digest.ts";
export type { Descriptor, MediaType, Platform } from "./descriptor.ts";
export type { Blob, Content, Image, Index, Layer } from "./model.ts";
