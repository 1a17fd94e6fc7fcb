import { closeSync, fchmodSync } from "node:fs";
import { type FileStatus, setTimes, statusOf } from "@cooper/sys";
import type { PathString, Timestamp } from "../tar/entry.ts";

interface Due {
  readonly path: PathString;
  /** Undefined: it is right already. */
  readonly mode: number | undefined;
  readonly mtime: Timestamp;
}

/**
 * What directories get when everything is in them: writing in one changes its time, and a mode may
 * forbid it. A directory that is not in the archive keeps what it had.
 */
export class DirectoryTimes {
  readonly #due = new Map<string, Due>();

  /** Takes down a directory's own time before anything is written in it. */
  keep(path: PathString, { identity, mtime }: FileStatus): void {
    if (!this.#due.has(identity)) this.#due.set(identity, { path, mode: undefined, mtime });
  }

  /** The same and its mode, which is not what it is to be for now. */
  keepMode(path: PathString, { identity, mode, mtime }: FileStatus): void {
    const due = this.#due.get(identity);
    if (due?.mode !== undefined) return;
    this.#due.set(
      identity,
      due === undefined ? { path, mode: mode & 0o7777, mtime } : { ...due, mode: mode & 0o7777 },
    );
  }

  set(identity: string, due: Due): void {
    this.#due.set(identity, due);
  }

  /** Sets them, what lies deepest first, through `open`, which gives undefined for what is gone. */
  finish(open: (path: PathString) => number | undefined): void {
    const due = [...this.#due].map(([identity, { path, mode, mtime }]) => {
      return { identity, path, mode, mtime, depth: path === "" ? 0 : path.split("/").length };
    });
    for (const { identity, path, mode, mtime } of due.toSorted((a, b) => b.depth - a.depth)) {
      const fd = open(path);
      if (fd === undefined) continue;
      try {
        // Another directory may have taken its place since.
        if (statusOf(fd).identity !== identity) continue;
        if (mode !== undefined) fchmodSync(fd, mode);
        setTimes(fd, mtime);
      } finally {
        closeSync(fd);
      }
    }
  }
}
