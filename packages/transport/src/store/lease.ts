import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { isDigest } from "@cooper/oci";
import type { Digest } from "@cooper/oci";
import { lockFile, makeDirectories } from "@cooper/sys";
import { writeFault } from "../durable/fault.ts";
import { isStillThere, lockPath } from "../durable/lock.ts";
import { blobsDirectory, type Guard } from "../layout/guard.ts";

/**
 * What a running command uses, written where `gc` reads it. The file is locked for as long as the
 * command lives, so a killed command's lease is seen to be dead. A digest is added while the blobs
 * are locked against `gc`: once it is in, the blob stays; if `gc` came first, it is seen to be gone.
 */
export class Lease implements Guard {
  readonly #home: string;
  readonly #kept = new Set<Digest>();
  #open: { readonly fd: number; readonly path: string } | undefined;

  constructor(home: string) {
    this.#home = home;
  }

  async keep(digests: readonly Digest[], options: Cancellable = {}): Promise<void> {
    if (digests.every((digest) => this.#kept.has(digest))) return;
    await this.during(async () => digests, options);
  }

  /** Keeps the digests that `find` gives; nothing can be collected between its look and the keeping. */
  async during(find: () => Promise<readonly Digest[]>, { signal }: Cancellable): Promise<void> {
    try {
      makeDirectories(blobsDirectory(this.#home), 0o700);
      const lock = await lockPath(blobsDirectory(this.#home), { mode: "shared", kind: "directory", signal });
      try {
        const digests = (await find()).filter((digest) => !this.#kept.has(digest));
        if (digests.length === 0) return;
        this.#open ??= create(leasesDirectory(this.#home));
        // Not synced: a lease ends with its process, so none outlives a crash of the machine.
        writeSync(this.#open.fd, digests.map((digest) => `${digest}\n`).join(""));
        for (const digest of digests) this.#kept.add(digest);
      } finally {
        lock.release();
      }
    } catch (error) {
      throw writeFault(this.#home, error);
    }
  }

  release(): void {
    if (this.#open === undefined) return;
    rmSync(this.#open.path, { force: true });
    closeSync(this.#open.fd);
    this.#open = undefined;
    this.#kept.clear();
  }
}

/** What all living commands keep. Removes the leases of dead ones. The blobs must be locked exclusively. */
export function readLeases(home: string): readonly Digest[] {
  const directory = leasesDirectory(home);
  makeDirectories(directory, 0o700);
  return readdirSync(directory).flatMap((name) => readLease(join(directory, name)));
}

function readLease(path: string): readonly Digest[] {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch {
    return []; // its command has ended since the directory was read
  }
  try {
    if (lockFile(fd, "exclusive")) {
      rmSync(path, { force: true });
      return [];
    }
    return readFileSync(fd, "utf8").split("\n").filter(isDigest);
  } finally {
    closeSync(fd);
  }
}

function leasesDirectory(home: string): string {
  return join(home, "leases");
}

function create(directory: string): { readonly fd: number; readonly path: string } {
  makeDirectories(directory, 0o700);
  for (;;) {
    const path = join(directory, `${process.pid}-${randomBytes(8).toString("hex")}`);
    const fd = openSync(path, "ax", 0o600);
    // Between the two calls it may have been taken for a dead one.
    if (lockFile(fd, "exclusive") && isStillThere(fd, path)) return { fd, path };
    closeSync(fd);
  }
}
