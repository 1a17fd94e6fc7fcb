import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";
import { cacheDirectory } from "@cooper/distro";
import type * as App from "./app.ts";

/** A file of the bundle, by its name without `.cjs`, and a digest of what is in it. */
export type BundledFile = readonly [name: string, digest: string];

/**
 * How often what V8 compiled of a file is written: a build that found nothing done and one that found all
 * done call different functions, and each adds what it compiled.
 */
const GENERATIONS = 2;

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
  readonly #toKeep: { readonly script: Script; readonly path: string; readonly generation: number }[] = [];

  constructor(
    bundle: string,
    command: string,
    options: { readonly require: NodeJS.Require; readonly files: readonly BundledFile[] },
  ) {
    this.#bundle = bundle;
    this.#require = options.require;
    this.#digests = new Map(options.files);
    this.#directory = ownDirectory(command);
    process.once("exit", () => this.#keep());
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
    const found = path === undefined ? undefined : newest(path);
    const script = new Script(wrapped, {
      filename,
      ...(found === undefined ? {} : { cachedData: found.data }),
    });
    if (path === undefined) return script;
    // Of another V8, or with other options: in its place.
    if (script.cachedDataRejected === true)
      this.#toKeep.push({ script, path, generation: found?.generation ?? 1 });
    else if (found?.generation !== GENERATIONS)
      this.#toKeep.push({ script, path, generation: (found?.generation ?? 0) + 1 });
    return script;
  }

  #keep(): void {
    for (const { script, path, generation } of this.#toKeep) {
      writeWhole(`${path}-${generation}`, script.createCachedData());
      rmSync(`${path}-${generation - 1}`, { force: true });
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

function newest(path: string): { readonly generation: number; readonly data: Buffer } | undefined {
  for (let generation = GENERATIONS; generation > 0; generation--) {
    const data = readWhole(`${path}-${generation}`);
    if (data !== undefined) return { generation, data };
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
    rmSync(aside, { force: true }); // a full disk, or a cache that was just removed
  }
}
