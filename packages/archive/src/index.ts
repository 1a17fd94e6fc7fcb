// Errors
export { ArchiveError } from "./errors.ts";
export type { ArchiveErrorCode } from "./errors.ts";

// Bytes
export { DEFAULT_LIMITS } from "./limits.ts";
export type { Limits } from "./limits.ts";
export type { ByteStream, Cancellable } from "./bytes.ts";

// Tar
export type { EntryType, PathString, Timestamp, TarEntry } from "./tar/entry.ts";

// Compression

// Directories
