import { makeResolver } from "@cooper/build";
import type { PackageMaking } from "@cooper/build";
import { isFault } from "@cooper/sys";
import type { Digest, MakerReference, Platform } from "@cooper/oci";
import { writeTo } from "@cooper/transport";
import type { Opened, OpenOptions, Resolver, TransferEvent } from "@cooper/transport";
import { RegistryError } from "../errors.ts";
import type { Storage } from "../storage/storage.ts";
import type { Build } from "./builds.ts";
import { Flights } from "./flights.ts";
import type { Flight } from "./flights.ts";
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

interface Making extends Flight {
  readonly done: Promise<Digest>;
}

/** Faults of one platform that leave the others possible. */
const PLATFORM_FAULTS = ["NO_SUCH_PLATFORM", "PLATFORM_UNSUPPORTED", "UNSOLVABLE", "NOT_FOUND"];

/** Makes images: each once for what goes in, whatever it is called. */
export class ImageMaker {
  readonly #workshop: Workshop;
  /** By key: two names may mean the same. */
  readonly #makings = new Flights<Making>({ lingerSeconds: 0 });

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  /** Sees to it that the tag names what the reference means now. Gives its digest. */
  async make(order: Order): Promise<Digest> {
    const { build, signal } = order;
    build.say(`finds out what ${order.reference.scheme}:${order.reference.rest} is made of`);
    const opened = await this.#open(order);
    try {
      const { inputs } = opened;
      if (inputs === undefined) return await this.#write(opened, order);
      const key = keyOfInputs(inputs);
      for (;;) {
        signal.throwIfAborted();
        // oxlint-disable-next-line no-await-in-loop
        const found = await this.#workshop.ledger.ofInputs(key);
        // oxlint-disable-next-line no-await-in-loop
        if (found !== undefined && (await shareImage(this.#workshop, found, order))) {
          build.say("it was made before");
          return found.digest;
        }
        const isMine = this.#makings.waiting(key) === 0;
        const { flight, leave } = this.#makings.board(key, () => ({
          done: this.#writeOnce(key, opened, order),
        }));
        try {
          if (!isMine) build.say("another build makes the same");
          // oxlint-disable-next-line no-await-in-loop
          const digest = await flight.done;
          if (isMine) return digest;
        } catch (error) {
          if (isMine) throw error;
          // It may have been stopped by who asked for it: then it is this one's turn.
        } finally {
          leave();
        }
      }
    } finally {
      await opened.close();
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
