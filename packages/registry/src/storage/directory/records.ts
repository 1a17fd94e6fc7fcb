import { readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fromBytes, writeFileAtomic } from "@cooper/archive";
import type { RecordKind, RecordStorage, StoredRecord } from "../storage.ts";
import { makeParent, namesIn, removeFile, unlessMissing } from "./files.ts";
import type { DirectoryLayout } from "./layout.ts";

/** Records as files; the time of a file is when it was used last. */
export class DirectoryRecords implements RecordStorage {
  readonly #layout: DirectoryLayout;

  constructor(layout: DirectoryLayout) {
    this.#layout = layout;
  }

  async record(kind: RecordKind, key: string): Promise<StoredRecord | undefined> {
    return read(this.#layout.record(kind, key));
  }

  async *records(kind: RecordKind): AsyncIterable<StoredRecord & { readonly key: string }> {
    const root = this.#layout.records(kind);
    for (const part of namesIn(root)) {
      for (const name of namesIn(join(root, part))) {
        const record = read(join(root, part, name));
        if (record !== undefined) yield record;
      }
    }
  }

  async putRecord(kind: RecordKind, key: string, value: unknown): Promise<void> {
    const path = this.#layout.record(kind, key);
    await makeParent(path);
    await writeFileAtomic(path, fromBytes(`${key}\n${JSON.stringify(value)}`));
  }

  async touchRecord(kind: RecordKind, key: string): Promise<void> {
    const now = Date.now() / 1000;
    unlessMissing(() => utimesSync(this.#layout.record(kind, key), now, now));
  }

  async deleteRecord(kind: RecordKind, key: string): Promise<boolean> {
    return removeFile(this.#layout.record(kind, key));
  }
}

function read(path: string): (StoredRecord & { readonly key: string }) | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  const text = unlessMissing(() => readFileSync(path, "utf8"));
  if (status === undefined || text === undefined) return undefined;
  const end = text.indexOf("\n");
  try {
    const value: unknown = JSON.parse(text.slice(end + 1));
    return { key: text.slice(0, end), value, used: Math.floor(status.mtimeMs / 1000) };
  } catch {
    // A damaged record is none: what it said is found out again.
    return undefined;
  }
}
