import { dirname, resolve } from "node:path";
import { requireReplaceable, syncDirectory } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { Aside, reapAsides } from "../durable/aside.ts";
import { writeFault } from "../durable/fault.ts";

/** Where an archive's bytes go, piece by piece. */
export interface Sink {
  /** For people: where this leads. */
  readonly name: string;
  write(piece: ByteStream, options: Cancellable): Promise<void>;
  /** All is written: it becomes visible. */
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** A file that appears whole, in place of one that may be there. */
export class FileSink implements Sink {
  readonly name: string;
  readonly #path: string;
  #aside: Aside | undefined;

  constructor(path: string, name: string) {
    this.name = name;
    this.#path = resolve(path);
  }

  async write(piece: ByteStream, options: Cancellable): Promise<void> {
    try {
      this.#aside ??= await this.#create();
      await this.#aside.write(piece, options);
    } catch (error) {
      throw writeFault(this.#path, error);
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#aside?.commit(this.#path);
      this.#aside = undefined;
      await syncDirectory(dirname(this.#path));
    } catch (error) {
      throw writeFault(this.#path, error);
    }
  }

  async abandon(): Promise<void> {
    await this.#aside?.discard();
    this.#aside = undefined;
  }

  async #create(): Promise<Aside> {
    const directory = dirname(this.#path);
    requireReplaceable(this.#path);
    reapAsides(directory);
    return await Aside.create(directory);
  }
}
