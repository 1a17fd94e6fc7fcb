import { fromBytes, observed } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";
import { isForeignLayerType, isIndexType, isManifestType } from "@cooper/oci";
import type { Content, Descriptor, Digest, Image, Index, Layer } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { TransportError } from "../errors.ts";
import type { Repository } from "../repository.ts";
import type { Destination } from "./destination.ts";
import type { TransferEvent } from "./event.ts";
import { Lanes } from "./lanes.ts";

export interface TransferOptions {
  readonly parallel: number;
  readonly foreignLayers: "skip" | "copy";
  readonly onEvent: (event: TransferEvent) => void;
  readonly signal?: AbortSignal | undefined;
  /** Where the content comes from, for the children of an index that are no manifests. */
  readonly source?: Repository | undefined;
}

export interface PutOptions {
  readonly tag?: string | undefined;
  readonly role: "image" | "child";
  /** Called when all that the manifest names is there and the manifest itself is not. */
  readonly beforeManifest?: ((descriptor: Descriptor) => Promise<void>) | undefined;
}

/**
 * Carries content to one destination: what is named before what names it, each blob once, and none
 * that is there already. Layers whose digest is known go side by side; those still to be made go one
 * after another, each made once.
 */
export class Transfer {
  /** The manifests that were put, for what refers to them. */
  readonly manifests: Set<Digest> = new Set();
  readonly #destination: Destination;
  readonly #options: TransferOptions;
  /** Where blobs go one after another, their order is the same each time. */
  readonly #isOrdered: boolean;
  readonly #blobs: Lanes;
  readonly #images: Lanes;
  readonly #begun = new Map<Digest, Promise<void>>();
  readonly #failed = new AbortController();
  readonly #signal: AbortSignal;
  /** Layers without a digest so far; images of one index may share them. */
  readonly #making = new Map<Layer, Promise<void>>();

  constructor(destination: Destination, options: TransferOptions) {
    this.#destination = destination;
    this.#options = options;
    const parallel = Math.min(options.parallel, destination.parallel ?? Infinity);
    this.#isOrdered = parallel === 1;
    this.#blobs = new Lanes(parallel);
    this.#images = new Lanes(Math.min(parallel, 4));
    this.#signal =
      options.signal === undefined
        ? this.#failed.signal
        : AbortSignal.any([options.signal, this.#failed.signal]);
  }

  /** Puts content and everything it names. Gives the descriptor it has at the destination. */
  async put(content: Content, options: PutOptions): Promise<Descriptor> {
    await (content.kind === "index" ? this.#putChildren(content) : this.#putParts(content));
    const descriptor = await content.descriptor(this.#cancel);
    const raw = await content.raw(this.#cancel);
    await options.beforeManifest?.(descriptor);
    const { tag, role } = options;
    await this.#destination.repository.putManifest(raw, descriptor, {
      role,
      ...this.#cancel,
      ...(tag === undefined ? {} : { tag }),
    });
    this.manifests.add(descriptor.digest);
    this.#tell("done", "manifest", descriptor, descriptor.size);
    return descriptor;
  }

  get #cancel(): { readonly signal: AbortSignal } {
    return { signal: this.#signal };
  }

  async #putChildren(index: Index): Promise<void> {
    const children = await index.children(this.#cancel);
    await this.#all(
      children.map((child) => async () => {
        const put = async (): Promise<Descriptor> => await this.put(child, { role: "child" });
        // A nested index may not wait for a lane that its own parent holds.
        await (child.kind === "index" ? put() : this.#images.run(put));
      }),
    );
    const { manifests } = await index.manifest(this.#cancel);
    for (const descriptor of manifests) {
      if (isManifestType(descriptor.mediaType) || isIndexType(descriptor.mediaType)) continue;
      await this.#putOther(descriptor);
    }
  }

  async #putParts(image: Image): Promise<void> {
    const layers = await image.layers(this.#cancel);
    const known = layers.flatMap((layer) => {
      const descriptor = layer.known();
      return descriptor === undefined ? [] : [{ layer, descriptor }];
    });
    if (known.length === layers.length && (await this.#isThere(image))) {
      for (const { descriptor } of known) this.#tell("exists", "layer", descriptor, descriptor.size);
      return;
    }
    const makeOthers = async (): Promise<void> => {
      for (const layer of layers) {
        if (layer.known() === undefined) await this.#putUnknown(layer);
      }
    };
    const carry =
      ({ layer, descriptor }: KnownLayer) =>
      async (): Promise<void> =>
        await this.#putBlob("layer", descriptor, () => layer.open(this.#cancel));
    // What takes longest comes first: nobody is to wait for it alone at the end.
    await this.#all(
      this.#isOrdered
        ? [...known.map(carry), makeOthers]
        : [makeOthers, ...known.toSorted((a, b) => b.descriptor.size - a.descriptor.size).map(carry)],
    );
    const { config } = await image.manifest(this.#cancel);
    const raw = await image.rawConfig(this.#cancel);
    await this.#putBlob("config", config, () => fromBytes(raw));
  }

  async #isThere(image: Image): Promise<boolean> {
    if (this.#destination.manifestProvesBlobs !== true) return false;
    const digest = await image.digest(this.#cancel);
    try {
      await this.#destination.repository.resolve({ digest }, this.#cancel);
      return true;
    } catch (error) {
      if (isFault(error, "NOT_FOUND")) return false;
      throw error;
    }
  }

  async #putOther(descriptor: Descriptor): Promise<void> {
    const { source } = this.#options;
    if (source === undefined) {
      throw new TransportError("UNSUPPORTED", `the index names ${descriptor.digest}, which is no manifest`, {
        fields: { digest: descriptor.digest, mediaType: descriptor.mediaType },
      });
    }
    await this.#putBlob("layer", descriptor, () => source.blob(descriptor, this.#cancel));
  }

  async #putBlob(what: "layer" | "config", descriptor: Descriptor, open: () => ByteStream): Promise<void> {
    const begun = this.#begun.get(descriptor.digest);
    if (begun !== undefined) return await begun;
    const putting = this.#blobs.run(() => this.#carry(what, descriptor, open));
    this.#begun.set(descriptor.digest, putting);
    await putting;
  }

  async #carry(what: "layer" | "config", descriptor: Descriptor, open: () => ByteStream): Promise<void> {
    const { repository, mountFrom } = this.#destination;
    this.#signal.throwIfAborted();
    if (await this.#isElsewhere(descriptor)) {
      this.#tell("skipped", what, descriptor, 0);
      return;
    }
    if (await repository.hasBlob(descriptor, this.#cancel)) {
      this.#tell("exists", what, descriptor, descriptor.size);
      return;
    }
    let isRead = false;
    await repository.putBlob(
      descriptor,
      () => {
        isRead = true;
        return this.#watched(what, descriptor.digest, descriptor, open());
      },
      { ...this.#cancel, ...(mountFrom === undefined ? {} : { from: mountFrom }) },
    );
    const otherwise = mountFrom === undefined ? "exists" : "mounted";
    this.#tell(isRead ? "done" : otherwise, what, descriptor, descriptor.size);
  }

  /** A foreign layer may not be pushed to a registry, and is often nowhere but at its own address. */
  async #isElsewhere(descriptor: Descriptor): Promise<boolean> {
    const { foreignLayers, source } = this.#options;
    if (foreignLayers === "copy" || !isForeignLayerType(descriptor.mediaType)) return false;
    if (this.#destination.manifestProvesBlobs === true || source === undefined) return true;
    return !(await source.hasBlob(descriptor, this.#cancel));
  }

  async #putUnknown(layer: Layer): Promise<void> {
    const begun = this.#making.get(layer);
    if (begun !== undefined) return await begun;
    const id = `layer ${this.#making.size + 1}`;
    const making = this.#make(layer, id);
    this.#making.set(layer, making);
    await making;
  }

  async #make(layer: Layer, id: string): Promise<void> {
    await this.#blobs.run(async () => {
      const { mediaType } = layer;
      const { digest, size } = await this.#destination.repository.putUnknownBlob(
        () => this.#watched("layer", id, { mediaType }, layer.open(this.#cancel)),
        this.#cancel,
      );
      this.#options.onEvent({ type: "done", what: "layer", id, mediaType, digest, bytes: size, total: size });
    });
  }

  #watched(
    what: "layer" | "config",
    id: string,
    blob: Pick<Descriptor, "mediaType"> & Partial<Descriptor>,
    stream: ByteStream,
  ): ByteStream {
    const event = { what, id, mediaType: blob.mediaType, digest: blob.digest, total: blob.size };
    const { onEvent } = this.#options;
    let bytes = 0;
    onEvent({ type: "start", ...event, bytes });
    return observed(stream, (length) => {
      bytes += length;
      onEvent({ type: "bytes", ...event, bytes });
    });
  }

  #tell(
    type: TransferEvent["type"],
    what: TransferEvent["what"],
    { digest, mediaType, size }: Descriptor,
    bytes: number,
  ): void {
    this.#options.onEvent({ type, what, id: digest, mediaType, digest, bytes, total: size });
  }

  /** Runs tasks side by side; the first fault stops the others, is waited out, and is thrown. */
  async #all(tasks: readonly (() => Promise<void>)[]): Promise<void> {
    if (this.#isOrdered) {
      for (const task of tasks) await task();
      return;
    }
    let fault: { readonly error: unknown } | undefined;
    await Promise.all(
      tasks.map(async (task) => {
        try {
          await task();
        } catch (error) {
          fault ??= { error };
          this.#failed.abort(error);
        }
      }),
    );
    if (fault !== undefined) throw fault.error;
  }
}

interface KnownLayer {
  readonly layer: Layer;
  readonly descriptor: Descriptor;
}
