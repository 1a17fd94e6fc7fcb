import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NamespaceType, RuntimeConfiguration } from "../configuration.ts";

/** Put in by scripts/bundle.ts: where the first process's program lies, seen from a chunk. */
declare const COOPER_CONTAINER_INIT: string | undefined;

const FLAGS: Readonly<Record<NamespaceType, string>> = {
  pid: "--pid",
  ipc: "--ipc",
  uts: "--uts",
  mount: "--mount",
  network: "--net",
};

/**
 * Waits for the container, outside of it: what a shell starts after `unshare --pid` is process 1 of the
 * new namespace. `unshare --fork` would do that too, but of util-linux 2.38 does not tell of a SIGKILL.
 * What the shell itself has to say of signals is nobody's.
 */
const WAIT = 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit $?';

/**
 * The command that starts a bundle's container in namespaces of its own. Its first process ends with the
 * shell that waits for it, and all others with the first one: pid_namespaces(7).
 */
export function launchCommand(bundle: string, cgroups: readonly string[]): readonly string[] {
  const text = readFileSync(join(bundle, "config.json"), "utf8");
  const { linux }: RuntimeConfiguration = JSON.parse(text);
  const namespaces = linux.namespaces.map(({ type }) => FLAGS[type]);
  // Of the options that Node was started with, those that its program's imports are found by.
  const node = [process.execPath, ...process.execArgv.filter((each) => each.startsWith("--conditions"))];
  return [
    ["unshare", ...namespaces, "--propagation", "private", "--"],
    ["sh", "-c", WAIT, "cooper-container"],
    [...node, initProgram(), bundle, ...cgroups],
  ].flat();
}

function initProgram(): string {
  if (typeof COOPER_CONTAINER_INIT === "string")
    return fileURLToPath(new URL(COOPER_CONTAINER_INIT, import.meta.url));
  return join(import.meta.dirname, `init${extname(import.meta.filename)}`);
}
