import { existsSync, lstatSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { cacheDirectory } from "@cooper/distro";
import { cameWithCooper, makeDirectories } from "@cooper/sys";
import type { BundledFile } from "./bundled-files.ts";
import { readChecksummed, writeChecksummed } from "./checksummed-file.ts";

/**
 * Whether a run did something, which takes its time whatever is kept, or found all done. What a short one called is
 * kept for good; what a long one called, until there is a short one.
 */
export type Kind = "long" | "short";

/** Microseconds of the processor. */
const SHORT = 500_000;

/** Stands for the command where none is to be run. */
export const HELP = "help";

/** Compiled code, and the file that it is in. */
interface Found {
  readonly owner: "installation" | "user";
  readonly kind: Kind;
  readonly path: string;
  readonly data: Buffer;
}

/**
 * Takes what V8 compiled of a bundle's files, half the time of a command that finds all else done: under `compiled`
 * in the cache what the same command compiled before, else what came with the bundle (scripts/compiled): of a
 * long run, or where the command was short the last time that of the help, on which each stands. Node's own compile
 * cache keeps only what is compiled before anything ran, a fifth of it. What V8 does not take is compiled, and
 * where nothing can be kept nothing is said.
 */
export class CompiledFiles {
  readonly #shipped: string;
  /** Undefined where others may write, for what is found there is run. There after a short run. */
  readonly #kept: string | undefined;
  readonly #isHelp: boolean;
  readonly #scripts: {
    readonly script: Script;
    readonly file: BundledFile;
    readonly found: Found | undefined;
  }[] = [];

  constructor(bundle: string, command: string) {
    this.#shipped = shippedDirectory(bundle);
    const own = ownDirectory();
    this.#kept = own && join(own, command);
    this.#isHelp = command === HELP;
    process.once("exit", (status) => {
      if (status === 0) this.#keep(); // a run that failed called little of what another will
    });
  }

  compile(file: BundledFile, text: string, filename: string): Script {
    const found = this.#find(file);
    const script = new Script(text, { filename, ...(found && { cachedData: found.data }) });
    // Of another V8, or with other options.
    const isRejected = script.cachedDataRejected === true;
    if (isRejected && found?.owner === "user") remove(found.path);
    this.#scripts.push({ script, file, found: isRejected ? undefined : found });
    return script;
  }

  #find(file: BundledFile): Found | undefined {
    const kept = this.#kept;
    const found = kept === undefined ? undefined : findIn(kept, file, "user", ["short", "long"]);
    // V8 does not look at all in which builds of one version of Node may differ.
    if (found !== undefined || !cameWithCooper(process.execPath)) return found;
    const isShort = this.#isHelp || kept === undefined || existsSync(kept);
    return findIn(this.#shipped, file, "installation", isShort ? ["short", "long"] : ["long", "short"]);
  }

  #keep(): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    const { user, system } = process.cpuUsage();
    const kind: Kind = user + system < SHORT ? "short" : "long";
    try {
      if (kind === "short") makeDirectories(kept);
      for (const { script, file, found } of this.#scripts) {
        if (this.#isWorthKeeping(found, kind)) {
          makeDirectories(kept);
          writeChecksummed(join(kept, compiledName(file, kind)), script.createCachedData());
        } else if (found?.owner === "user" && found.kind === "long" && kind === "short") {
          remove(found.path); // the next one compiles what it calls, and keeps no more than that
        }
      }
    } catch {
      // A full disk, a cache that may only be read, or one that was just removed.
    }
  }

  /**
   * What was compiled now is. Of what came with the bundle little was left to compile in a long run; in a short one
   * a command's own code, but of the help.
   */
  #isWorthKeeping(found: Found | undefined, kind: Kind): boolean {
    if (found === undefined) return true;
    return found.owner === "installation" && found.kind === "short" && kind === "short" && !this.#isHelp;
  }
}

/** Where a bundle has what this Node compiled of it. */
export function shippedDirectory(bundle: string): string {
  return join(bundle, "compiled", `${process.version}-${process.arch}`);
}

export function compiledName([name, digest]: BundledFile, kind: Kind): string {
  return `${name}-${digest}-${kind}`;
}

/** `compiled` in the cache, made if need be. */
function ownDirectory(): string | undefined {
  const directory = join(cacheDirectory(), "compiled");
  try {
    makeDirectories(dirname(directory));
    makeDirectories(directory, 0o700);
    const status = lstatSync(directory);
    const isOwn = status.isDirectory() && status.uid === process.geteuid?.() && (status.mode & 0o022) === 0;
    return isOwn ? directory : undefined;
  } catch {
    return undefined;
  }
}

function findIn(
  directory: string,
  file: BundledFile,
  owner: Found["owner"],
  kinds: readonly Kind[],
): Found | undefined {
  for (const kind of kinds) {
    const path = join(directory, compiledName(file, kind));
    const data = readChecksummed(path);
    if (data !== undefined) return { owner, kind, path, data };
  }
  return undefined;
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Of a cache that may only be read.
  }
}
