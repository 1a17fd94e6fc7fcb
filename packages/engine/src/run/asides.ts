import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A name for what is being made and has no name yet; it says whose it is. */
export function asidePath(parent: string): string {
  return join(parent, `aside-${process.pid}-${randomUUID()}`);
}

/** Removes what is of processes that are gone: they were killed before it had its name. */
export function sweepAsides(parent: string): void {
  for (const name of existsSync(parent) ? readdirSync(parent) : []) {
    const pid = /^\.?aside-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}
