import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Sparse: what is not written takes no room. */
const SIZE = 16 * 2 ** 30;
/** In memory, so that neither the disk's speed nor what others write to it is measured. */
const MEMORY = "/dev/shm";
/** More than any contestant writes: bytes. */
const ENOUGH = 4 * 2 ** 30;

/**
 * A directory of its own for each run, on a file system that is made for it: ext4 with a journal, as an
 * installed machine has, in a file in memory where that has room.
 *
 * What was there before must not count. Where ext4 has no journal, it looks at every inode that was
 * deleted in the last minutes before it gives out a new one: 0.4 ms for each file, whoever asks.
 */
export class FreshDisk {
  readonly #scratch: string;
  /** Where the file system's file lies. */
  readonly #image: string;
  #count = 0;
  #mounted: string | undefined;
  #refusal: string | undefined;

  constructor(scratch: string) {
    this.#scratch = scratch;
    const folder = roomIn(MEMORY) > ENOUGH ? MEMORY : scratch;
    this.#image = join(folder, `cooper-bench-${basename(scratch)}.ext4`);
  }

  /** What the file system is, for the report. */
  get description(): string {
    return this.#refusal === undefined
      ? `each run on a new ext4 file system with a journal, in ${this.#image}`
      : `each run in a new directory of this disk, nothing is deleted before the end (${this.#refusal})`;
  }

  /** An empty directory. What the last one held is gone. */
  readonly directory = (): string => {
    this.#unmount();
    const directory = join(this.#scratch, `disk-${this.#count++}`);
    mkdirSync(directory);
    if (this.#refusal === undefined) this.#mount(directory);
    return directory;
  };

  readonly remove = (): void => {
    this.#unmount();
  };

  #mount(directory: string): void {
    writeFileSync(this.#image, "");
    truncateSync(this.#image, SIZE);
    // No thread of the kernel fills in tables while something is measured.
    this.#refusal =
      refusalOf("mkfs.ext4", "-q", "-F", this.#image) ??
      refusalOf("mount", "-o", "loop,noinit_itable", this.#image, directory);
    if (this.#refusal === undefined) this.#mounted = directory;
    else rmSync(this.#image);
  }

  #unmount(): void {
    if (this.#mounted === undefined) return;
    const refusal = refusalOf("umount", this.#mounted);
    if (refusal !== undefined) throw new Error(refusal);
    rmSync(this.#image);
    this.#mounted = undefined;
  }
}

/** An empty directory in memory where that has room, else under `scratch`. Whoever asks removes it. */
export function directoryInMemory(scratch: string): string {
  return mkdtempSync(join(roomIn(MEMORY) > ENOUGH ? MEMORY : scratch, "cooper-bench-"));
}

/** Bytes; 0 where there is no such directory. */
function roomIn(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/** Undefined where the program did its work. */
function refusalOf(program: string, ...args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : `${program}: ${stderr.trim()}`;
}
