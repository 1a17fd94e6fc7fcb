import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Source } from "./source.ts";

/**
 * Seconds since 1970 that files of layers get where nobody says otherwise: 2 January 1980, the first
 * time that a zip file can hold in every time zone. Not the source's own: then a changed line of code
 * would change every layer.
 */
export const LAYER_EPOCH = 315_619_200;

/** Seconds since 1970 of the source: its commit's where it is a clean checkout, else its newest file's. */
export async function timeOfSource({ directory, newest }: Source): Promise<number> {
  if (!existsSync(join(directory, ".git"))) return newest;
  try {
    const git = async (...args: readonly string[]): Promise<string> =>
      (await promisify(execFile)("git", ["-C", directory, ...args])).stdout.trim();
    if ((await git("status", "--porcelain")) !== "") return newest;
    const seconds = Number(await git("log", "-1", "--format=%ct"));
    return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : newest;
  } catch {
    return newest; // no git, or nothing committed yet
  }
}
