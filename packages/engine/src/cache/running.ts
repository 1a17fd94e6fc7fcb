import { closeSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { cacheLimit, lockFile, makeDirectories } from "@cooper/sys";
import { type Held, lockPath } from "@cooper/transport";
import { namesIn } from "../files/names.ts";
import { asidePath } from "../run/asides.ts";

/**
 * Who uses what builds keep: a build that runs holds a file in `build/running`, and whatever it takes is
 * marked as used. Who removes things leaves alone what was used since the oldest of them began, and so
 * need not wait for any.
 */
const RUNNING = "running";

/** Says that a build runs, until it is released or the process ends. `SETTING_INVALID` */
export async function holdBuild(home: string, options: Cancellable = {}): Promise<Held> {
  cacheLimit(); // a limit that cannot be read is told before anything is built, not after
  const directory = join(home, "build", RUNNING);
  makeDirectories(directory);
  const entrance = await enter(home, options);
  try {
    // Under its name only when it is locked: what has a name and no lock is of a process that is gone.
    const aside = asidePath(join(home, "build"));
    const path = join(directory, aside.slice(aside.lastIndexOf("/") + 1));
    const lock = openSync(aside, "a", 0o600);
    lockFile(lock, "exclusive");
    renameSync(aside, path);
    let isHeldStill = true;
    return {
      release() {
        if (isHeldStill) closeSync(lock);
        isHeldStill = false;
        rmSync(path, { force: true });
      },
    };
  } finally {
    entrance.release();
  }
}

/** Milliseconds since 1970 at which the oldest build that runs began; Infinity where none does. */
export function oldestBuild(home: string): number {
  const directory = join(home, "build", RUNNING);
  let oldest = Infinity;
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    const began = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (began === undefined) continue; // it has ended
    if (isHeld(path)) oldest = Math.min(oldest, began);
    else rmSync(path, { force: true });
  }
  return oldest;
}

/**
 * Lets nothing be removed for a moment, in which something is found and marked as used, or is given its
 * name. `exclusive`: for whoever removes.
 */
export async function enter(
  home: string,
  { signal, mode = "shared" }: Cancellable & { readonly mode?: "shared" | "exclusive" },
): Promise<Held> {
  return await lockPath(join(home, "build", "entrance.lock"), { mode, kind: "file", signal });
}

function isHeld(path: string): boolean {
  const lock = openSync(path, "r");
  try {
    return !lockFile(lock, "exclusive");
  } finally {
    closeSync(lock);
  }
}
