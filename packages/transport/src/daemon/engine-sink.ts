import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { ByteStream, Cancellable } from "@cooper/archive";
import type { Sink } from "../archive/sink.ts";
import type { Engine } from "./engine.ts";

/** An archive that a Docker engine loads while it is written. */
export class EngineSink implements Sink {
  readonly name: string;
  readonly #engine: Engine;
  readonly #pipe: PassThrough = new PassThrough({ highWaterMark: 4 * 1024 * 1024 });
  #loading: Promise<void> | undefined;

  constructor(engine: Engine, name: string) {
    this.#engine = engine;
    this.name = name;
    this.#pipe.on("error", () => {}); // the request, whose body this is, fails with it
  }

  async write(piece: ByteStream, options: Cancellable): Promise<void> {
    const loading = this.#begin();
    for await (const chunk of piece) {
      options.signal?.throwIfAborted();
      if (this.#pipe.write(chunk)) continue;
      // An engine that says no stops reading: its answer ends the wait.
      await Promise.race([once(this.#pipe, "drain"), loading.then(() => Promise.reject(EARLY))]);
    }
  }

  async finish(): Promise<void> {
    const loading = this.#begin();
    this.#pipe.end();
    await loading;
  }

  async abandon(): Promise<void> {
    this.#pipe.destroy(new Error("the image could not be written"));
    await this.#loading?.catch(() => {});
  }

  #begin(): Promise<void> {
    if (this.#loading === undefined) {
      this.#loading = this.#engine.load(this.#pipe);
      this.#loading.catch(() => {}); // awaited in write and finish
    }
    return this.#loading;
  }
}

const EARLY = new Error("the Docker engine answered before it had the whole archive");
