import { resolve } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { tryLockPath } from "../durable/lock.ts";
import { TransportError } from "../errors.ts";
import type { Collected } from "./collect.ts";
import { LayoutDirectory, openLayout } from "./directory.ts";
import { blobsDirectory, type Guard } from "./guard.ts";

/**
 * Removes the blobs of a layout that no entry of its `index.json` reaches, and what killed writers
 * left. `BUSY` while another process reads or writes it.
 */
export async function collectLayout(path: string, options: Cancellable = {}): Promise<Collected> {
  await (await openLayout(path, options)).close(); // says what is wrong with the path
  const root = resolve(path);
  const lock = tryLockPath(blobsDirectory(root), { mode: "exclusive", kind: "directory" });
  if (lock === undefined) {
    throw new TransportError("BUSY", `${path} is in use by another process`, {
      fields: { path },
      kind: "passing",
      advice: "Try again when that has ended.",
    });
  }
  try {
    return await new CollectedLayout(root, `oci:${path}`, LOCKED).collect(options);
  } finally {
    lock.release();
  }
}

/** The lock is held outside. */
const LOCKED: Guard = { keep: async () => {}, release: () => {} };

class CollectedLayout extends LayoutDirectory {
  async collect(options: Cancellable): Promise<Collected> {
    return await this.sweep({ extra: [], wanted: () => true }, options);
  }
}
