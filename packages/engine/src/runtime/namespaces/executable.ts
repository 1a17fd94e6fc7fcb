import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { resolve } from "node:path";

/**
 * The path of a container's program, as a shell finds it, from its working directory, which is made
 * where it is not there. Throws an error that names the program.
 */
export function findExecutable(name: string, env: readonly string[], directory: string): string {
  mkdirSync(directory, { recursive: true });
  process.chdir(directory);
  if (name.includes("/")) {
    const why = unfit(resolve(name));
    if (why === undefined) return name;
    throw new Error(`exec: ${JSON.stringify(name)}: ${why}`);
  }
  const path = env.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? "";
  const found = path
    .split(":")
    .map((each) => resolve(each, name))
    .find((each) => unfit(each) === undefined);
  if (found !== undefined) return found;
  throw new Error(`exec: ${JSON.stringify(name)}: executable file not found in $PATH`);
}

function unfit(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? undefined : "permission denied: it is no file";
  } catch (error) {
    const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
    return isThere ? "permission denied" : `no such file or directory (${String(error)})`;
  }
}
