// Bytes
export type { ByteStream, Cancellable } from "./bytes.ts";

// Tar
export type { EntryType, PathString, Timestamp, TarEntry } from "./tar/entry.ts";

// Compression

// Directories
