import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { errnoOf } from "@cooper/sys";
import { type Held, lockPath } from "../durable/lock.ts";

/** Keeps what is in use here from being collected by another process. */
export interface Guard {
  /** From now on this blob stays, and if it is a manifest, all that it names. Before it is looked for. */
  keep(digests: readonly Digest[], options?: Cancellable): Promise<void>;
  release(): void;
}

/** While this is held on the directory of the blobs, nothing of it is collected. */
export function blobsDirectory(root: string): string {
  return join(root, "blobs");
}

/** A plain layout's guard: a shared lock on the blobs, which `gc` takes exclusively. */
export class SharedGuard implements Guard {
  readonly #root: string;
  #held: Held | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  async keep(_digests: readonly Digest[], { signal }: Cancellable = {}): Promise<void> {
    if (this.#held !== undefined) return;
    try {
      const held = await lockPath(blobsDirectory(this.#root), { mode: "shared", kind: "directory", signal });
      if (this.#held === undefined) this.#held = held;
      else held.release();
    } catch (error) {
      // What is not there yet cannot be collected; some network file systems have no locks.
      if (!["ENOENT", "ENOTDIR", "ENOLCK", "EOPNOTSUPP", "EACCES"].includes(errnoOf(error) ?? ""))
        throw error;
    }
  }

  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}
