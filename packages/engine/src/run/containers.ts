import { closeSync, existsSync, openSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { errnoOf, lockFile, makeDirectories } from "@cooper/sys";
import { namesIn } from "../files/names.ts";
import { killProcessesIn } from "../runtime/kill.ts";
import { liftLimits } from "../runtime/limits/limits.ts";
import { removeContainer } from "../runtime/runtime.ts";
import { asidePath, sweepAsides } from "./asides.ts";

/** The directory of one running container, held by a lock that ends with this process. */
export interface ContainerDirectory {
  readonly id: string;
  readonly path: string;
  /** A directory in memory that goes with it, for what must not be on a disk; whoever needs it makes it. */
  readonly memory: string;
  /** Kills the container; its runtime then ends. */
  kill(): void;
  /** Removes the container and everything of it. */
  remove(): void;
}

function containersDirectory(home: string): string {
  return join(home, "containers");
}

/** Known by the id alone, so that it is found again whenever the process that made it was killed. */
function memoryOf(id: string): string {
  return join("/dev/shm", id);
}

/** Makes the directory of a new container under the store. */
export function createContainerDirectory(home: string): ContainerDirectory {
  const { id, path, lock } = makeLocked(home);
  return {
    id,
    path,
    memory: memoryOf(id),
    kill() {
      removeContainer(join(path, "state"), id);
    },
    remove() {
      discard(home, id);
      closeSync(lock);
    },
  };
}

/** Under its id only when it is locked: what has an id and no lock is dead. */
function makeLocked(home: string): { readonly id: string; readonly path: string; readonly lock: number } {
  const parent = containersDirectory(home);
  const id = `${PREFIX}${randomBytes(8).toString("hex")}`;
  const aside = asidePath(parent);
  makeDirectories(aside, 0o700);
  // runc takes no root that a link leads to, as where /home is one.
  const path = join(realpathSync(parent), id);
  const lock = openSync(join(aside, "lock"), "a", 0o600);
  try {
    if (!lockFile(lock, "exclusive")) throw new Error("unreachable: nobody else knows of this lock");
    renameSync(aside, path);
  } catch (error) {
    closeSync(lock);
    throw error;
  }
  return { id, path, lock };
}

/** Loses its id before its lock, so that it is never half there, whenever this process is killed. */
function discard(home: string, id: string): void {
  const path = join(containersDirectory(home), id);
  removeContainer(join(path, "state"), id);
  liftLimits(path);
  rmSync(memoryOf(id), { recursive: true, force: true });
  const aside = asidePath(containersDirectory(home));
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return; // somebody else who reaps was faster
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

const PREFIX = "cooper-";

/**
 * Removes containers whose `cooper run` is gone without having cleaned up, as after kill -9: nobody
 * holds their lock. Gives their ids.
 */
export function reapContainers(home: string): readonly string[] {
  const reaped: string[] = [];
  sweepAsides(containersDirectory(home));
  for (const id of idsIn(home)) {
    const path = join(containersDirectory(home), id);
    const lock = openIfThere(join(path, "lock"));
    try {
      if (lock !== undefined && !lockFile(lock, "exclusive")) continue;
      if (!existsSync(path)) continue; // just removed
      discard(home, id);
      killProcessesIn(id);
      reaped.push(id);
    } finally {
      if (lock !== undefined) closeSync(lock);
    }
  }
  return reaped;
}

function idsIn(home: string): readonly string[] {
  return namesIn(containersDirectory(home)).filter((name) => name.startsWith(PREFIX));
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r+", 0o600);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
