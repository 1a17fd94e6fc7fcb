/**
 * How much an archive from outside may ask for. Every reader takes these; what goes beyond one of
 * them stops with `LIMIT_EXCEEDED`, which names the limit. Nothing is unlimited: to lift one, give
 * a larger number.
 */
export interface Limits {
  /** Members of one archive. */
  readonly maxEntries: number;
  /** Bytes that one stream may give: of an archive's files with their holes, or of what is decompressed. */
  readonly maxBytes: number;
  /** Bytes of one path or link target. */
  readonly maxPathBytes: number;
  /** Bytes of the extended headers of one member: long names, PAX records, sparse maps. */
  readonly maxHeaderBytes: number;
  /** Bytes of all extended attributes of one member, names and values. */
  readonly maxXattrBytes: number;
  /** Pieces of data in one sparse file. */
  readonly maxSparseSegments: number;
  /**
   * Bytes out for each byte in when decompressing, looked at once `ratioFloor` bytes have come out:
   * a small file of zeros is no bomb. Deflate cannot exceed 1032, zstd can by far.
   */
  readonly maxRatio: number;
  /** Bytes of output below which the ratio does not matter. */
  readonly ratioFloor: number;
  /** How deep directories may lie in each other. */
  readonly maxNesting: number;
}

/** More than any sane image needs, less than what hurts a host. */
export const DEFAULT_LIMITS: Limits = {
  maxEntries: 4_000_000,
  maxBytes: 512 * 2 ** 30,
  maxPathBytes: 16 * 2 ** 10,
  maxHeaderBytes: 8 * 2 ** 20,
  maxXattrBytes: 4 * 2 ** 20,
  maxSparseSegments: 250_000,
  maxRatio: 2000,
  ratioFloor: 256 * 2 ** 20,
  maxNesting: 2048,
};
