import { makeResolver } from "@cooper/build";
import type { PackageMaking } from "@cooper/build";
import { isFault } from "@cooper/sys";
import type { Digest, MakerReference, Platform } from "@cooper/oci";
import { writeTo } from "@cooper/transport";
import type { Opened, OpenOptions, Resolver, TransferEvent } from "@cooper/transport";
import { RegistryError } from "../errors.ts";
import type { Storage } from "../storage/storage.ts";
import type { Build } from "./builds.ts";
import { keyOfInputs } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { sayPackageEvent } from "./package-events.ts";
import { shareImage } from "./share-image.ts";
import { storageDestination } from "./storage-destination.ts";
import type { Upstreams } from "./upstreams.ts";

/** What images are made with. */
export interface Workshop {
  readonly storage: Storage;
  readonly ledger: Ledger;
  readonly upstreams: Upstreams;
  /** Which platforms an image is made for, as far as there is anything for them; the first one must be possible. */
  readonly platforms: readonly Platform[];
  readonly packages: Omit<PackageMaking, "onEvent" | "platforms">;
  readonly sharing: "anywhere" | "never";
  /** Bytes of blobs that one image may have. */
  readonly imageBytes: number;
}

export interface Order {
  readonly reference: MakerReference;
  readonly repository: string;
  readonly tag: string;
  readonly build: Build;
  readonly signal: AbortSignal;
}

/** Faults of one platform that leave the others possible. */
const PLATFORM_FAULTS = ["NO_SUCH_PLATFORM", "PLATFORM_UNSUPPORTED", "UNSOLVABLE", "NOT_FOUND"];

/** Makes images: each once for what goes in, whatever it is called. */
export class ImageMaker {
  readonly #workshop: Workshop;
  /** What is being written, by key: two names may mean the same. */
  readonly #making = new Map<string, Promise<Digest>>();

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  /** Sees to it that the tag names what the reference means now. Gives its digest. */
  async make(order: Order): Promise<Digest> {
    const { build } = order;
    build.say(`finds out what ${order.reference.scheme}:${order.reference.rest} is made of`);
    const opened = await this.#open(order);
    try {
      const { inputs } = opened;
      if (inputs === undefined) return await this.#write(opened, order);
      return await this.#once(keyOfInputs(inputs), opened, order);
    } finally {
      await opened.close();
    }
  }

  /** Makes it unless it was made before under any name, or another build is about to. */
  async #once(key: string, opened: Opened, order: Order): Promise<Digest> {
    const { build, signal } = order;
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const found = await this.#workshop.ledger.ofInputs(key);
      // oxlint-disable-next-line no-await-in-loop
      if (found !== undefined && (await shareImage(this.#workshop, found, order))) {
        build.say("it was made before");
        return found.digest;
      }
      const other = this.#making.get(key);
      if (other === undefined) break;
      build.say("another build makes the same");
      // However it ends: if it was stopped by who asked for it, it is this one's turn.
      // oxlint-disable-next-line no-await-in-loop
      await untilAborted(Promise.allSettled([other]), signal);
    }
    const making = this.#writeOnce(key, opened, order);
    this.#making.set(key, making);
    try {
      return await making;
    } finally {
      this.#making.delete(key);
    }
  }

  async #writeOnce(key: string, opened: Opened, order: Order): Promise<Digest> {
    const digest = await this.#write(opened, order);
    await this.#workshop.ledger.putInputs(key, order.repository, digest);
    return digest;
  }

  async #write({ content }: Opened, { repository, tag, build, signal }: Order): Promise<Digest> {
    const { storage, ledger, sharing, imageBytes } = this.#workshop;
    let written = 0;
    const destination = storageDestination(storage, {
      repository,
      tag,
      sharing,
      onBytes: (length) => {
        written += length;
        if (written > imageBytes) throw tooLarge(imageBytes);
        build.wrote(length);
      },
      onManifest: async (digest) => await ledger.putTagOf(repository, digest, tag),
    });
    const { digest } = await writeTo(content, destination, {
      signal,
      onEvent: (event) => sayTransfer(build, event),
    });
    return digest;
  }

  /** What the reference means now, for the platforms that there is anything for. */
  async #open(order: Order): Promise<Opened> {
    const { platforms } = this.#workshop;
    const resolver = this.#resolver(order);
    const options = { signal: order.signal };
    try {
      return await resolver.open(order.reference, { ...options, platforms });
    } catch (error) {
      if (platforms.length < 2 || !isFault(error, ...PLATFORM_FAULTS)) throw error;
      const possible = await this.#possible(resolver, order, options);
      if (possible.length === 0 || possible.length === platforms.length) throw error;
      return await resolver.open(order.reference, { ...options, platforms: possible });
    }
  }

  async #possible(resolver: Resolver, order: Order, options: OpenOptions): Promise<readonly Platform[]> {
    const possible: Platform[] = [];
    for (const platform of this.#workshop.platforms) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        const opened = await resolver.open(order.reference, { ...options, platforms: [platform] });
        // oxlint-disable-next-line no-await-in-loop
        await opened.close();
        possible.push(platform);
      } catch (error) {
        // What is wrong for the first one is what the visitor is told.
        if (possible.length === 0 || !isFault(error, ...PLATFORM_FAULTS)) throw error;
        order.build.say(`not for ${platform.os}/${platform.architecture}: ${error.message}`);
      }
    }
    return possible;
  }

  #resolver({ build }: Order): Resolver {
    const { packages, platforms, upstreams } = this.#workshop;
    return makeResolver({
      packages: { ...packages, platforms, onEvent: (event) => sayPackageEvent(build, event) },
      further: [upstreams.scheme(platforms)],
    });
  }
}

/** What a promise gives, unless the signal comes first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function sayTransfer(build: Build, { type, what, digest, total, id }: TransferEvent): void {
  if (type === "bytes" || what === "config") return;
  const size = total === undefined ? "" : `, ${total} bytes`;
  const name = digest === undefined ? id : `${what} ${digest}`;
  build.say(`${name}: ${type === "start" ? "is written" : type}${size}`);
}

function tooLarge(limit: number): RegistryError {
  return new RegistryError("MAKE_FAILED", `the image has more than ${limit} bytes`, {
    fields: { limit },
    advice: "The registry's operator limits imageBytes",
  });
}
