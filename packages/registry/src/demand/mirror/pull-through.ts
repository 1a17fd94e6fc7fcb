import { MAX_MANIFEST_BYTES, parseReference } from "@cooper/oci";
import type { Descriptor, Digest } from "@cooper/oci";
import type { RegistryRepository } from "@cooper/transport";
import { RegistryError } from "../../errors.ts";
import { inspectManifest } from "../../manifest.ts";
import { storableDigest } from "../../names.ts";
import type { OpenBlob, Storage } from "../../storage/storage.ts";
import { Flights } from "../flights.ts";
import type { Boarded, Flight } from "../flights.ts";
import type { Ledger } from "../ledger.ts";
import type { Name } from "../name.ts";
import type { DemandLimits } from "../options.ts";
import { Queue } from "../queue.ts";
import type { Upstreams } from "../upstreams.ts";
import { Flow } from "./flow.ts";

export interface PullThroughOptions {
  readonly storage: Storage;
  readonly ledger: Ledger;
  readonly upstreams: Upstreams;
  readonly limits: Pick<DemandLimits, "downloads" | "downloadsPerVisitor" | "imageBytes">;
  readonly lingerSeconds: number;
}

/** A repository of this registry that stands for one of an upstream. */
export interface Mirrored {
  readonly repository: string;
  readonly upstream: RegistryRepository;
}

interface Fetching extends Flight {
  readonly done: Promise<Digest>;
}

const MAX_SIZES = 100_000;
/** So many downloads may wait for each that goes on. */
const WAITING_FOR_ONE = 4;

/** A cache in front of other registries: manifests and blobs are fetched when they are first asked for. */
export class PullThrough {
  readonly #options: PullThroughOptions;
  readonly #downloads: Queue;
  readonly #fetching: Flights<Fetching>;
  readonly #flows: Flights<Flow>;
  /** Sizes of blobs by repository and digest, learnt from manifests. */
  readonly #sizes = new Map<string, number>();

  constructor(options: PullThroughOptions) {
    this.#options = options;
    const { downloads: running, downloadsPerVisitor: perVisitor } = options.limits;
    this.#downloads = new Queue("manifests and blobs are being fetched", {
      running,
      waiting: running * WAITING_FOR_ONE,
      perVisitor,
      memoryBytes: Infinity,
    });
    this.#fetching = new Flights({ lingerSeconds: options.lingerSeconds });
    this.#flows = new Flights({ lingerSeconds: options.lingerSeconds });
  }

  /** What a name such as `mirror/docker.io/library/alpine` stands for. `DENIED` */
  mirrored({ repository, reference }: Name): Mirrored {
    const inner = parseReference(reference.rest);
    if (inner.scheme !== "docker") {
      throw new RegistryError("NAME_UNKNOWN", `${repository} mirrors no registry`);
    }
    return { repository, upstream: this.#options.upstreams.repository(inner) };
  }

  /** Looks a tag up, and fetches its manifest if that is not here. */
  tag(mirrored: Mirrored, tag: string, visitor: string): Boarded<Fetching> {
    return this.#fetch(
      `${mirrored.repository}:${tag}`,
      visitor,
      async (signal) => await this.#fetchTag(mirrored, tag, signal),
    );
  }

  /** Fetches a manifest that is not here. */
  manifest(mirrored: Mirrored, digest: Digest, visitor: string): Boarded<Fetching> {
    return this.#fetch(
      `${mirrored.repository}@${digest}`,
      visitor,
      async (signal) => await this.#fetchManifest(mirrored, { digest }, [], signal),
    );
  }

  /** A blob's size, as far as it is here or a manifest or the upstream tells. `NOT_FOUND` */
  async blobSize({ repository, upstream }: Mirrored, digest: Digest): Promise<number> {
    const key = `${repository}@${digest}`;
    const known = this.#sizes.get(key);
    if (known !== undefined) return known;
    const size = await upstream.blobSize(digest);
    this.#learn(key, size);
    return size;
  }

  /** A blob as it comes in. */
  async openBlob(mirrored: Mirrored, digest: Digest, visitor: string): Promise<OpenBlob> {
    const { repository, upstream } = mirrored;
    const size = await this.blobSize(mirrored, digest);
    const { imageBytes } = this.#options.limits;
    if (size > imageBytes) {
      throw new RegistryError("MAKE_FAILED", `blob ${digest} has more than ${imageBytes} bytes`);
    }
    const { flight, leave } = this.#flows.board(`${repository}@${digest}`, (signal) => {
      const place = this.#downloads.admit(visitor);
      const descriptor = { mediaType: "application/octet-stream", digest, size };
      return new Flow(
        {
          storage: this.#options.storage,
          repository,
          digest,
          size,
          source: () => upstream.blob(descriptor, { signal }),
        },
        async (work) => await place.run(work, signal),
        signal,
      );
    });
    try {
      const blob = await flight.open();
      const close = (): void => {
        blob.close();
        leave();
      };
      return { size: blob.size, read: async (target, offset) => await blob.read(target, offset), close };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async close(): Promise<void> {
    const reason = new Error("the registry stops");
    await Promise.all([this.#fetching.close(reason), this.#flows.close(reason)]);
  }

  #fetch(key: string, visitor: string, fetch: (signal: AbortSignal) => Promise<Digest>): Boarded<Fetching> {
    return this.#fetching.board(key, (signal) => {
      const place = this.#downloads.admit(visitor);
      const done = place.run(async () => await fetch(signal), signal);
      // Those who wait for it are told.
      done.catch(() => {});
      return { done };
    });
  }

  async #fetchTag(mirrored: Mirrored, tag: string, signal: AbortSignal): Promise<Digest> {
    const { storage, ledger } = this.#options;
    const { repository, upstream } = mirrored;
    const started = Date.now() / 1000;
    const descriptor = await upstream.resolve({ tag }, { signal });
    const { digest } = descriptor;
    const stored = await storage.manifest(repository, digest);
    if (stored === undefined) await this.#fetchManifest(mirrored, descriptor, [tag], signal);
    else if ((await storage.tag(repository, tag)) !== digest) {
      await this.#put(repository, stored.bytes, { ...descriptor, mediaType: stored.mediaType }, [tag]);
    }
    const before = await ledger.made(`${repository}:${tag}`);
    await ledger.putMade(`${repository}:${tag}`, {
      reference: `mirror:docker://${upstream.name}:${tag}`,
      digest,
      resolved: started,
      made: before?.digest === digest ? before.made : started,
      seconds: Date.now() / 1000 - started,
      bytes: 0,
    });
    return digest;
  }

  async #fetchManifest(
    { repository, upstream }: Mirrored,
    wanted: Descriptor | { readonly digest: Digest },
    tags: readonly string[],
    signal: AbortSignal,
  ): Promise<Digest> {
    const descriptor = "size" in wanted ? wanted : await upstream.resolve(wanted, { signal });
    if (descriptor.size > MAX_MANIFEST_BYTES) {
      throw new RegistryError("MAKE_FAILED", `manifest ${descriptor.digest} has ${descriptor.size} bytes`);
    }
    const bytes = await upstream.manifest(descriptor, { signal });
    await this.#put(repository, bytes, descriptor, tags);
    return descriptor.digest;
  }

  async #put(
    repository: string,
    bytes: Uint8Array,
    { digest, mediaType }: Descriptor,
    tags: readonly string[],
  ): Promise<void> {
    const { subject, blobs } = inspectManifest(bytes, mediaType);
    for (const blob of blobs) this.#learn(`${repository}@${blob.digest}`, blob.size);
    await this.#options.storage.putManifest(repository, {
      digest: storableDigest(digest),
      mediaType,
      bytes,
      subject: subject === undefined ? undefined : storableDigest(subject),
      tags,
    });
  }

  #learn(key: string, size: number): void {
    this.#sizes.set(key, size);
    const [oldest] = this.#sizes.keys();
    if (this.#sizes.size > MAX_SIZES && oldest !== undefined) this.#sizes.delete(oldest);
  }
}
