import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A fresh directory that is removed when the test ends. */
export function temporaryDirectory(t: TestContext): string {
  return made(t, tmpdir());
}

/** The same in memory, where this machine has such a place: nothing waits for a disk there. */
export function memoryDirectory(t: TestContext): string {
  try {
    accessSync(MEMORY, constants.W_OK | constants.X_OK);
  } catch {
    return temporaryDirectory(t);
  }
  return made(t, MEMORY);
}

const MEMORY = "/dev/shm";

function made(t: TestContext, parent: string): string {
  const directory = mkdtempSync(join(parent, "cooper-test-"));
  t.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
