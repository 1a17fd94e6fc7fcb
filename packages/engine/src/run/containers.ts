import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { errnoOf, lockFile } from "@cooper/sys";
import { type Runtime, removeContainer } from "../runtime/runtime.ts";

/** The directory of one running container, held by a lock that ends with this process. */
export interface ContainerDirectory {
  readonly id: string;
  readonly path: string;
  /** Kills the container; its runtime then ends. */
  kill(): void;
  /** Removes the container and everything of it. */
  remove(): void;
}

function containersDirectory(home: string): string {
  return join(home, "containers");
}

/** Makes the directory of a new container under the store. */
export function createContainerDirectory(home: string, runtime: Runtime): ContainerDirectory {
  const { id, path, lock } = makeLocked(home);
  return {
    id,
    path,
    kill() {
      removeContainer(runtime, join(path, "state"), id);
    },
    remove() {
      removeContainer(runtime, join(path, "state"), id);
      rmSync(path, { recursive: true, force: true });
      closeSync(lock);
    },
  };
}

/** Between making the lock file and locking it, a run that reaps may take the directory for a dead one. */
function makeLocked(home: string): { readonly id: string; readonly path: string; readonly lock: number } {
  for (;;) {
    const id = `cooper-${randomBytes(8).toString("hex")}`;
    const path = join(containersDirectory(home), id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = openIfThere(join(path, "lock"), "a");
    if (lock === undefined) continue;
    if (lockFile(lock, "exclusive") && existsSync(join(path, "lock"))) return { id, path, lock };
    closeSync(lock);
  }
}

/**
 * Removes containers whose `cooper run` is gone without having cleaned up, as after kill -9: nobody
 * holds their lock. Gives their ids.
 */
export function reapContainers(home: string, runtime: Runtime): readonly string[] {
  const reaped: string[] = [];
  for (const id of listIfThere(containersDirectory(home))) {
    const path = join(containersDirectory(home), id);
    const lock = openIfThere(join(path, "lock"), "r+");
    if (lock === undefined) continue; // just being made, or just removed
    try {
      if (!lockFile(lock, "exclusive")) continue;
      removeContainer(runtime, join(path, "state"), id);
      rmSync(path, { recursive: true, force: true });
      reaped.push(id);
    } finally {
      closeSync(lock);
    }
  }
  return reaped;
}

/** Whether anything, alive or dead, has a container's directory. */
export function hasContainers(home: string): boolean {
  return listIfThere(containersDirectory(home)).length > 0;
}

function listIfThere(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

function openIfThere(path: string, flags: "a" | "r+"): number | undefined {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
