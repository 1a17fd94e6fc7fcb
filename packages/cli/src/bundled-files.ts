import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "node:vm";
import type * as App from "./app.ts";

/** A file of the bundle, by its name without `.cjs`, and a digest of what is in it. */
export type BundledFile = readonly [name: string, digest: string];

export interface BundleOptions {
  readonly require: NodeJS.Require;
  readonly files: readonly BundledFile[];
  /** Makes a script of a file's text, which is one function. */
  readonly compile: (file: BundledFile, text: string, filename: string) => Script;
}

type Run<Exports> = (...given: readonly unknown[]) => Exports;

/** Loads files of a bundle as Node's `require` does, but what compiles them is given. */
export class BundledFiles {
  readonly #directory: string;
  readonly #require: NodeJS.Require;
  readonly #files: ReadonlyMap<string, BundledFile>;
  readonly #compile: BundleOptions["compile"];
  readonly #libraries = new Map<string, unknown>();

  constructor(directory: string, { require, files, compile }: BundleOptions) {
    this.#directory = directory;
    this.#require = require;
    this.#files = new Map(files.map((file) => [file[0], file]));
    this.#compile = compile;
  }

  app(): typeof App {
    const run: Run<typeof App> = this.#script("app").runInThisContext();
    return run(...this.#givenTo("app"));
  }

  #library(name: string): unknown {
    if (!this.#libraries.has(name)) {
      const run: Run<unknown> = this.#script(name).runInThisContext();
      this.#libraries.set(name, run(...this.#givenTo(name)));
    }
    return this.#libraries.get(name);
  }

  #script(name: string): Script {
    const file = this.#files.get(name);
    if (file === undefined) throw new Error(`the bundle has no ${name}`);
    const filename = this.#path(name);
    const source = readFileSync(filename, "latin1"); // scripts/bundle.ts sees to it that it is ASCII
    const text = `(function(require,module,exports,__filename,__dirname){${source}\nreturn module.exports})`;
    return this.#compile(file, text, filename);
  }

  /** What Node gives to such a file, but a `require` that loads the others as this one. */
  #givenTo(name: string): readonly unknown[] {
    const require = (id: string): unknown => {
      const [, other = ""] = /^\.\/(.+)\.cjs$/.exec(id) ?? [];
      return this.#files.has(other) ? this.#library(other) : this.#require(id);
    };
    const module = { exports: {} };
    return [require, module, module.exports, this.#path(name), this.#directory];
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.cjs`);
  }
}
