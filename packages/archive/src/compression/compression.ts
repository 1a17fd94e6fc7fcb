/** How bytes are compressed. Cooper writes the first three and reads all. */
export type Compression = "none" | "gzip" | "zstd" | "xz" | "lzma" | "bzip2";
