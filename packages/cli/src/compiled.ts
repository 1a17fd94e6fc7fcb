import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";
import { cacheDirectory } from "@cooper/distro";
import type * as App from "./app.ts";

/** A file of the bundle, by its name without `.cjs`, and a digest of what is in it. */
export type BundledFile = readonly [name: string, digest: string];

/**
 * Whether a run did something, which takes its time whatever is kept, or found all done. What a short one
 * called is kept for good; what a long one called, until there is a short one.
 */
type Kind = "long" | "short";

/** Microseconds of the processor. */
const SHORT = 500_000;

type Run<Exports> = (...given: readonly unknown[]) => Exports;

/** The checksum at the end: V8 takes whatever bytes begin as its own do. */
const CHECKSUM_BYTES = 4;

/**
 * Loads files of a bundle, and keeps what V8 compiled of them for the next run of the same command, under
 * `compiled` in the cache: half the time of a command that finds all else done. Node's own compile cache
 * keeps only what is compiled before anything ran, a fifth of it. Where nothing can be kept, all is
 * compiled, and nothing is said.
 */
export class CompiledFiles {
  readonly #bundle: string;
  readonly #require: NodeJS.Require;
  readonly #directory: string | undefined;
  readonly #digests: ReadonlyMap<string, string>;
  readonly #libraries = new Map<string, unknown>();
  readonly #compiled: {
    readonly script: Script;
    readonly path: string;
    readonly found: Kind | undefined;
  }[] = [];

  constructor(
    bundle: string,
    command: string,
    options: { readonly require: NodeJS.Require; readonly files: readonly BundledFile[] },
  ) {
    this.#bundle = bundle;
    this.#require = options.require;
    this.#digests = new Map(options.files);
    this.#directory = ownDirectory(command);
    process.once("exit", (status) => {
      if (status === 0) this.#keep(); // a run that failed called little of what another will
    });
  }

  app(): typeof App {
    const run: Run<typeof App> = this.#compile("app").runInThisContext();
    return run(...this.#givenTo("app"));
  }

  #library(name: string): unknown {
    if (!this.#libraries.has(name)) {
      const run: Run<unknown> = this.#compile(name).runInThisContext();
      this.#libraries.set(name, run(...this.#givenTo(name)));
    }
    return this.#libraries.get(name);
  }

  /** What Node gives to such a file, but a `require` that loads the others as this one. */
  #givenTo(name: string): readonly unknown[] {
    const require = (id: string): unknown => {
      const [, other = ""] = /^\.\/(.+)\.cjs$/.exec(id) ?? [];
      return this.#digests.has(other) ? this.#library(other) : this.#require(id);
    };
    const module = { exports: {} };
    return [require, module, module.exports, this.#path(name), this.#bundle];
  }

  #path(name: string): string {
    return join(this.#bundle, `${name}.cjs`);
  }

  #compile(name: string): Script {
    const filename = this.#path(name);
    const source = readFileSync(filename, "latin1"); // scripts/bundle.ts sees to it that it is ASCII
    const wrapped = `(function(require,module,exports,__filename,__dirname){${source}\nreturn module.exports})`;
    const path = this.#directory && join(this.#directory, `${name}-${this.#digests.get(name)}`);
    const found = path === undefined ? undefined : findKept(path);
    const script = new Script(wrapped, {
      filename,
      ...(found === undefined ? {} : { cachedData: found.data }),
    });
    if (path === undefined) return script;
    // Of another V8, or with other options.
    const isRejected = script.cachedDataRejected === true;
    if (isRejected) remove(`${path}-${found?.kind}`);
    this.#compiled.push({ script, path, found: isRejected ? undefined : found?.kind });
    return script;
  }

  #keep(): void {
    const { user, system } = process.cpuUsage();
    const kind: Kind = user + system < SHORT ? "short" : "long";
    for (const { script, path, found } of this.#compiled) {
      if (found === undefined) writeWhole(`${path}-${kind}`, script.createCachedData());
      // The next one compiles what it calls, and keeps no more than that.
      else if (found === "long" && kind === "short") remove(`${path}-long`);
    }
  }
}

/** A command's directory, made if need be; undefined where others may write, for what is found there is run. */
function ownDirectory(command: string): string | undefined {
  const directory = join(cacheDirectory(), "compiled");
  try {
    mkdirSync(dirname(directory), { recursive: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const status = lstatSync(directory);
    const isOwn = status.isDirectory() && status.uid === process.geteuid?.() && (status.mode & 0o022) === 0;
    if (!isOwn) return undefined;
    mkdirSync(join(directory, command), { recursive: true });
    return join(directory, command);
  } catch {
    return undefined;
  }
}

function findKept(path: string): { readonly kind: Kind; readonly data: Buffer } | undefined {
  for (const kind of ["short", "long"] as const) {
    const data = readWhole(`${path}-${kind}`);
    if (data !== undefined) return { kind, data };
  }
  return undefined;
}

function readWhole(path: string): Buffer | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const data = bytes.subarray(0, -CHECKSUM_BYTES);
  if (data.length === 0 || bytes.readUInt32LE(data.length) !== crc32(data)) return undefined;
  return data;
}

function writeWhole(path: string, data: Buffer): void {
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(data));
  const aside = `${path}.${process.pid}`;
  try {
    writeFileSync(aside, Buffer.concat([data, checksum]));
    renameSync(aside, path);
  } catch {
    remove(aside); // a full disk, or a cache that was just removed
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Of a cache that may only be read.
  }
}
