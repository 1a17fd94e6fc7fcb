// Errors
export { ArchiveError } from "./errors.ts";
export type { ArchiveErrorCode } from "./errors.ts";

// Bytes
export { DEFAULT_LIMITS } from "./limits.ts";
export type { Limits } from "./limits.ts";
export { asBuffer, collect, discard, fromBytes } from "./bytes.ts";
export type { ByteStream, Cancellable, CollectOptions } from "./bytes.ts";
export { syncDirectory, writeFileAtomic, writeNewFile, writeStream } from "./atomic-file.ts";
export type { WriteFileOptions, WriteNewFileOptions } from "./atomic-file.ts";
export { fileFault, requireReplaceable } from "./file-fault.ts";
export { readFileStream } from "./file-stream.ts";
export type { ReadFileOptions } from "./file-stream.ts";
export { fromReadable, toReadable } from "./node-stream.ts";
export { peek } from "./peek.ts";
export type { Peeked } from "./peek.ts";
export { HASH_HEX_LENGTH, isHashAlgorithm, tally } from "./tally.ts";
export type { HashAlgorithm, Tally } from "./tally.ts";
export { BlockPool, giveBack, lend } from "./reuse.ts";
export { sameBytes } from "./same-bytes.ts";
export { observed, verified, vouchedFor } from "./verified.ts";
export type { Promised } from "./verified.ts";

// Tar
export type { EntryType, PathString, Timestamp, TarEntry } from "./tar/entry.ts";
export { BLOCK_SIZE, paddingOf } from "./tar/block.ts";
export { encodeHeader, encodeTrailer, headerSize, TAR_WRITER_VERSION } from "./tar/encode.ts";
export type { TarEntryInput } from "./tar/encode.ts";
export { GNU_TAR_OPTIONS } from "./tar/gnu.ts";
export type { TarMember } from "./tar/member.ts";
export { comparePaths, decodePath, encodePath } from "./tar/path.ts";
export { readTar, readTarBatches } from "./tar/reader.ts";
export type { ReadTarOptions } from "./tar/reader.ts";
export type { SparseSegment } from "./tar/sparse.ts";
export { writeTar } from "./tar/writer.ts";
export type { TarInput } from "./tar/writer.ts";

// Readers
export { ByteSource } from "./tar/byte-source.ts";
export type { ByteSourceOptions } from "./tar/byte-source.ts";

// Compression
export type { Compression } from "./compression/compression.ts";
export { compress } from "./compression/compress.ts";
export type { CompressOptions, WritableCompression } from "./compression/compress.ts";
export { gzip, GZIP_WRITER_VERSION } from "./compression/gzip/writer.ts";
export type { LevelOptions } from "./compression/level.ts";
export { zstd, ZSTD_WRITER_VERSION } from "./compression/zstd/writer.ts";
export { startDeflating } from "./compression/deflate/deflate.ts";
export { decompress } from "./compression/decompress.ts";
export type { DecompressOptions } from "./compression/decompress.ts";
export { detectCompression } from "./compression/detect.ts";
export type { Detected } from "./compression/detect.ts";

// Directories
export { packDirectory } from "./directory/pack.ts";
export type { PackNote, PackOptions } from "./directory/pack-options.ts";
export type { Owner } from "./directory/record.ts";
export { unpackTar } from "./directory/unpack.ts";
export type { UnpackNote, UnpackOptions, UnpackSummary } from "./directory/unpack-options.ts";

// Certificates
export { encodeJavaKeystore } from "./certificates/java-keystore.ts";
export type { TrustedEntry } from "./certificates/java-keystore.ts";
export { parsePem } from "./certificates/pem.ts";
export type { Certificate } from "./certificates/pem.ts";
