import { lstatSync, mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";
import { cacheDirectory } from "@cooper/distro";

/** The names of all commands, put in by scripts/bundle.ts. */
declare const COOPER_COMMANDS: readonly string[];

/**
 * Keeps what V8 compiled, under `compiled` in the cache, and takes it from there the next time: a third of
 * the time of a command that finds all else done. Each command has what it ran itself, since what is kept
 * of a file is what the first process compiled of it. Where nothing can be kept, nothing is said.
 */
export function keepCompiled(command: string | undefined): void {
  const directory = join(cacheDirectory(), "compiled");
  if (!isOwn(directory)) return;
  enableCompileCache(join(directory, COOPER_COMMANDS.find((name) => name === command) ?? "others"));
}

/** Makes the directory if need be. Whether nobody else may put a file there: what is found in it is run. */
function isOwn(directory: string): boolean {
  try {
    mkdirSync(dirname(directory), { recursive: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const status = lstatSync(directory);
    return status.isDirectory() && status.uid === process.geteuid?.() && (status.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
