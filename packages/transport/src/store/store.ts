import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromBytes, writeFileAtomic } from "@cooper/archive";
import type { Cancellable } from "@cooper/archive";
import { isDigest } from "@cooper/oci";
import type { Descriptor, Digest, NamedReference } from "@cooper/oci";
import { lockPath } from "../durable/lock.ts";
import { TransportError } from "../errors.ts";
import { type Collected, findLive } from "../layout/collect.ts";
import { LayoutDirectory } from "../layout/directory.ts";
import { blobsDirectory } from "../layout/guard.ts";
import { tagOf, withoutNames } from "../layout/index-file.ts";
import type { Selector } from "../repository.ts";
import { cooperHome, type StoreEnvironment } from "./home.ts";
import { Lease, readLeases } from "./lease.ts";
import { makeDirectories } from "@cooper/sys";

export interface StoreOptions extends Cancellable {
  /** The directory; default: `cooperHome()`. */
  readonly home?: string | undefined;
  /** Where `COOPER_HOME` and its like are read; default `process.env`. */
  readonly environment?: StoreEnvironment | undefined;
}

/** An image of the store, as `cooper store ls` lists it. */
export interface StoredImage {
  /** Whole: `docker.io/library/alpine:3`. Missing for what is kept without a name. */
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
  /** Bytes of all blobs that it names and that are here, itself included. */
  readonly size: number;
}

/** What the store holds. */
export interface StoreUsage {
  readonly images: number;
  readonly blobs: number;
  /** Bytes of all blobs. */
  readonly bytes: number;
  /** Bytes that `collect` would free now. */
  readonly reclaimable: number;
}

/** Opens Cooper's own content store. It is made with the first blob. Close it to end its lease. */
export function openStore(options: StoreOptions = {}): Store {
  return new Store(resolve(options.home ?? cooperHome(options.environment)));
}

/** What an image is called in the store: its whole name and its tag, as Docker reads them. */
export function storeName(reference: Pick<NamedReference, "name" | "tag">): string {
  return `${reference.name}:${reference.tag ?? "latest"}`;
}

/**
 * An OCI layout whose tags are whole names, with leases: what a running command uses is never
 * collected (docs/store.md).
 */
export class Store extends LayoutDirectory {
  readonly #lease: Lease;

  constructor(home: string) {
    const lease = new Lease(home);
    super(home, "store", lease, 0o700); // images may be private, and ~/.local/share may not be there yet
    this.#lease = lease;
  }

  /** As in any repository; what is found stays until this is closed. */
  override async resolve(selector: Selector, options: Cancellable = {}): Promise<Descriptor> {
    if (!this.#exists()) return await super.resolve(selector, options);
    let found: Descriptor | undefined;
    await this.#lease.during(async () => {
      found = await super.resolve(selector, options);
      return [found.digest];
    }, options);
    return found ?? (await super.resolve(selector, options));
  }

  /** Whether there is an image of this name. Neither makes nor keeps anything. */
  async has(name: string): Promise<boolean> {
    return (await this.index()).manifests.some((entry) => tagOf(entry) === name);
  }

  /** Images by name, then those without one. */
  async images(): Promise<readonly StoredImage[]> {
    const { manifests } = await this.index();
    const images = await Promise.all(
      manifests.map(async (entry) => ({
        name: tagOf(entry),
        descriptor: withoutNames(entry),
        size: await this.#sizeOf(entry),
      })),
    );
    return images.toSorted((a, b) => compare(a.name ?? "\uffff", b.name ?? "\uffff"));
  }

  /** Takes a name away; what it named goes with the next `collect`. `NOT_FOUND` */
  async remove(name: string, options: Cancellable = {}): Promise<void> {
    await this.deleteTag(name, options);
  }

  override async deleteTag(name: string, options: Cancellable = {}): Promise<void> {
    if (await this.has(name)) return await super.deleteTag(name, options);
    throw new TransportError("NOT_FOUND", `the store has no image ${name}`, {
      fields: { name },
      advice: "See: cooper store ls",
    });
  }

  /** Keeps blobs, and all that the manifests among them name, until `unpin`: for caches that use the store. */
  async pin(name: string, digests: readonly Digest[], options: Cancellable = {}): Promise<void> {
    await this.#lease.keep(digests, options);
    makeDirectories(this.#pins, 0o700);
    await writeFileAtomic(join(this.#pins, encodeURIComponent(name)), fromBytes(digests.join("\n")));
  }

  async unpin(name: string): Promise<void> {
    rmSync(join(this.#pins, encodeURIComponent(name)), { force: true });
  }

  /**
   * Removes every blob that no name, no pin and no running command needs. Safe at any moment; others
   * wait while it runs. `untagged: "remove"` also takes the images that have no name.
   */
  async collect(
    options: Cancellable & { readonly untagged?: "keep" | "remove" | undefined } = {},
  ): Promise<Collected> {
    if (!this.#exists()) return { removed: 0, bytes: 0, kept: 0 };
    const { signal, untagged = "keep" } = options;
    const lock = await lockPath(blobsDirectory(this.root), { mode: "exclusive", kind: "directory", signal });
    try {
      const extra = [...readLeases(this.root), ...this.#pinned()];
      const leased = new Set(extra);
      const wanted = (entry: Descriptor): boolean =>
        untagged === "keep" || tagOf(entry) !== undefined || leased.has(entry.digest);
      return await this.sweep({ extra, wanted }, options);
    } finally {
      lock.release();
    }
  }

  async usage(): Promise<StoreUsage> {
    if (!this.#exists()) return { images: 0, blobs: 0, bytes: 0, reclaimable: 0 };
    const { manifests } = await this.index();
    const { digests } = await findLive(this, manifests, this.#pinned());
    let blobs = 0;
    let bytes = 0;
    let reclaimable = 0;
    for (const [digest, size] of blobsIn(blobsDirectory(this.root))) {
      blobs += 1;
      bytes += size;
      if (!(digests as ReadonlySet<string>).has(digest)) reclaimable += size;
    }
    return { images: manifests.length, blobs, bytes, reclaimable };
  }

  get #pins(): string {
    return join(this.root, "pins");
  }

  #pinned(): readonly Digest[] {
    if (statSync(this.#pins, { throwIfNoEntry: false }) === undefined) return [];
    return readdirSync(this.#pins)
      .filter((name) => !name.startsWith("."))
      .flatMap((name) => readFileSync(join(this.#pins, name), "utf8").split("\n").filter(isDigest));
  }

  #exists(): boolean {
    return statSync(blobsDirectory(this.root), { throwIfNoEntry: false }) !== undefined;
  }

  async #sizeOf(entry: Descriptor): Promise<number> {
    const sizes = new Map<Digest, number>([[entry.digest, entry.size]]);
    for await (const [, facts] of this.walk([entry])) {
      for (const part of facts.names) if (await this.holds(part.digest)) sizes.set(part.digest, part.size);
    }
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }
}

function* blobsIn(blobs: string): Generator<readonly [digest: string, size: number]> {
  for (const algorithm of readdirSync(blobs)) {
    for (const encoded of readdirSync(join(blobs, algorithm))) {
      const status = statSync(join(blobs, algorithm, encoded), { throwIfNoEntry: false });
      if (status !== undefined) yield [`${algorithm}:${encoded}`, status.size];
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
