import { observed } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import type { OpenBlob, Storage } from "../../storage/storage.ts";
import { algorithmOf } from "../../names.ts";
import type { Flight } from "../flights.ts";

export interface FlowOptions {
  readonly storage: Storage;
  readonly repository: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** The blob from where it is, checked against size and digest. */
  readonly source: (signal: AbortSignal) => ByteStream;
}

/** Written bytes may still stand in a buffer when a reader is told of them. */
const LOOK_AGAIN_MS = 20;

/**
 * A blob that comes in: written to the storage once, and meanwhile read by any number of clients,
 * each as fast as it can. Its last byte is given out when the digest has been checked: whoever gets
 * a wrong blob does not get all of it.
 */
export class Flow implements Flight {
  readonly size: number;
  readonly done: Promise<void>;
  readonly #options: FlowOptions;
  readonly #upload: Promise<string>;
  readonly #waiting = new Set<() => void>();
  #state: "flowing" | "whole" | "broken" = "flowing";

  constructor(options: FlowOptions, run: (work: () => Promise<void>) => Promise<void>, signal: AbortSignal) {
    this.#options = options;
    this.size = options.size;
    const { storage, repository, digest } = options;
    this.#upload = storage.startUpload(repository, algorithmOf(digest));
    this.done = this.#run(run, signal);
    // Those who read it are told by their reading.
    this.done.catch(() => {});
  }

  /** Opens what there is so far, and what is to come. */
  async open(): Promise<OpenBlob> {
    const { storage, repository, digest } = this.#options;
    // What has ended meanwhile is a blob.
    const reader =
      (await storage.readUpload(repository, await this.#upload)) ??
      (await storage.openBlob(repository, digest));
    if (reader === undefined) {
      await this.done;
      throw new Error(`blob ${digest} was received and is not there`);
    }
    return {
      size: this.size,
      read: async (target, offset) => await this.#read(reader, target, offset),
      close: () => reader.close(),
    };
  }

  async #read(reader: OpenBlob, target: Uint8Array, offset: number): Promise<number> {
    for (;;) {
      const end = this.#state === "whole" ? this.size : this.size - 1;
      const wanted = target.subarray(0, Math.max(0, Math.min(target.byteLength, end - offset)));
      // oxlint-disable-next-line no-await-in-loop
      const count = wanted.byteLength === 0 ? 0 : await reader.read(wanted, offset);
      if (count > 0 || this.#state === "whole") return count;
      if (this.#state === "broken") await this.done;
      // oxlint-disable-next-line no-await-in-loop
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(look, LOOK_AGAIN_MS);
      this.#waiting.add(look);
    });
  }

  async #run(run: (work: () => Promise<void>) => Promise<void>, signal: AbortSignal): Promise<void> {
    const id = await this.#upload;
    const { storage, repository } = this.#options;
    try {
      await run(async () => await this.#receive(id, signal));
      this.#state = "whole";
    } catch (error) {
      this.#state = "broken";
      await storage.cancelUpload(repository, id);
      throw error;
    } finally {
      this.#tell();
    }
  }

  async #receive(id: string, signal: AbortSignal): Promise<void> {
    const { storage, repository, digest, source } = this.#options;
    const upload = await storage.openUpload(repository, id);
    if (upload === undefined) throw new Error(`upload ${id} was taken away`);
    try {
      await upload.append(observed(source(signal), () => this.#tell()));
      await upload.finish(digest);
    } finally {
      await upload.release();
    }
  }

  #tell(): void {
    for (const look of this.#waiting) look();
  }
}
