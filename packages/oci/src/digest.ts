declare const digestBrand: unique symbol;
declare const diffIdBrand: unique symbol;

/** `algorithm:encoded`: the hash of bytes as they are stored (image-spec, descriptor.md, Digests). */
export type Digest = string & { readonly [digestBrand]: true };
/** The digest of a layer's *uncompressed* tar (image-spec, config.md, rootfs.diff_ids). Never a blob's name. */
export type DiffId = string & { readonly [diffIdBrand]: true };
