import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export interface Tree {
  readonly name: string;
  readonly path: string;
  /** Content of all files: bytes. */
  readonly bytes: number;
}

const MEGABYTE = 1_000_000;
const PIECE = MEGABYTE;
const SMALL_FILES = 50_000;
const FILES_IN_DIRECTORY = 100;

/** Ten large files. The content is that of this machine's programs and libraries. */
export function fewLarge(cache: string, megabytes: number): Tree {
  const path = join(cache, `large-${megabytes}`);
  const each = (megabytes * MEGABYTE) / 10;
  return once({ name: "few large files", path, bytes: each * 10 }, (directory) => {
    const content = new SystemContent();
    for (let index = 0; index < 10; index++) {
      const fd = openSync(join(directory, `file-${index}`), "w");
      for (let left = each; left > 0; left -= PIECE) writeSync(fd, content.next(Math.min(PIECE, left)));
      closeSync(fd);
    }
    content.close();
  });
}

/** 50,000 files in 500 directories, of the same content; the longest are 20 times the shortest. */
export function manySmall(cache: string, megabytes: number): Tree {
  const path = join(cache, `small-${megabytes}`);
  const mean = Math.floor((megabytes * MEGABYTE) / SMALL_FILES);
  const sizeOf = (index: number): number => Math.floor(mean * (0.1 + 1.8 * fraction(index)));
  let bytes = 0;
  for (let index = 0; index < SMALL_FILES; index++) bytes += sizeOf(index);
  return once({ name: "50,000 small files", path, bytes }, (directory) => {
    const content = new SystemContent();
    for (let index = 0; index < SMALL_FILES; index++) {
      const folder = join(directory, `directory-${Math.floor(index / FILES_IN_DIRECTORY)}`);
      if (index % FILES_IN_DIRECTORY === 0) mkdirSync(folder);
      writeFileSync(join(folder, `file-${index}`), content.next(sizeOf(index)));
    }
    content.close();
  });
}

function once(tree: Tree, fill: (directory: string) => void): Tree {
  if (existsSync(tree.path)) {
    // Into the page cache: all runs are to find it there.
    spawnSync("/bin/sh", ["-c", 'tar -cf - "$1" | cat > /dev/null', "sh", tree.path]);
    return tree;
  }
  const half = `${tree.path}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  fill(half);
  utimesSync(half, 0, 0);
  renameSync(half, tree.path);
  return tree;
}

/** From 0 to 1, by the number alone. */
function fraction(index: number): number {
  return createHash("sha256").update(String(index)).digest().readUInt32LE(0) / 2 ** 32;
}

/** The content of all files below /usr, one after another by path; again from the first after the last. */
class SystemContent {
  readonly #files: readonly string[] = listFiles("/usr");
  #index = 0;
  #fd: number | undefined;

  next(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let filled = 0; filled < length;) {
      this.#fd ??= openSync(this.#files[this.#index++ % this.#files.length] ?? "", "r");
      const got = readSync(this.#fd, bytes, filled, length - filled, null);
      filled += got;
      if (got === 0) this.close();
    }
    return bytes;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function listFiles(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return listFiles(path);
      return entry.isFile() && lstatSync(path).size > 0 ? [path] : [];
    });
}
