import { readFileSync, statSync } from "node:fs";
import { unlessMissing } from "./files.ts";

interface Cached<T> {
  readonly inode: number;
  readonly changed: number;
  readonly weight: number;
  readonly value: T;
}

/**
 * A file that changed less than this long ago is not remembered: the clock of the file system ticks
 * slower than files are replaced, and a second change within a tick looks like the first.
 */
const RACY_MS = 100;
/** What an entry costs beside its bytes. */
const ENTRY_WEIGHT = 512;

/**
 * Small files that are replaced by renaming, read and parsed once. Each reading asks the system
 * whether the file is still the same one, so that other processes' changes are seen at once.
 */
export class CachedFiles<T> {
  readonly #entries = new Map<string, Cached<T>>();
  readonly #parse: (bytes: Buffer) => T;
  readonly #limit: number;
  #weight = 0;

  /** Remembers files of `limit` bytes together; those that were used last. */
  constructor(parse: (bytes: Buffer) => T, limit: number) {
    this.#parse = parse;
    this.#limit = limit;
  }

  read(path: string): T | undefined {
    const status = statSync(path, { throwIfNoEntry: false });
    const known = this.#entries.get(path);
    if (known !== undefined) {
      if (known.inode === status?.ino && known.changed === status.mtimeMs) {
        // The map keeps the order of insertion: what is used goes to the end.
        this.#entries.delete(path);
        this.#entries.set(path, known);
        return known.value;
      }
      this.#forget(path, known);
    }
    if (status === undefined) return undefined;
    const bytes = unlessMissing(() => readFileSync(path));
    if (bytes === undefined) return undefined;
    const value = this.#parse(bytes);
    if (Date.now() - status.mtimeMs > RACY_MS) {
      this.#keep(path, {
        inode: status.ino,
        changed: status.mtimeMs,
        weight: bytes.byteLength + ENTRY_WEIGHT,
        value,
      });
    }
    return value;
  }

  #keep(path: string, entry: Cached<T>): void {
    if (entry.weight > this.#limit / 4) return;
    this.#entries.set(path, entry);
    this.#weight += entry.weight;
    for (const [oldest, old] of this.#entries) {
      if (this.#weight <= this.#limit) break;
      this.#forget(oldest, old);
    }
  }

  #forget(path: string, entry: Cached<T>): void {
    this.#entries.delete(path);
    this.#weight -= entry.weight;
  }
}
