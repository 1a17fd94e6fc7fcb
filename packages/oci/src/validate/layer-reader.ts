import type { Cancellable } from "@cooper/archive";
import { isForeignLayerType } from "../media-types.ts";
import type { DiffId } from "../digest.ts";
import type { Image, Layer } from "../model.ts";
import { readLayer } from "./layer.ts";
import type { LayerFacts } from "./layer.ts";
import type { Report } from "./mismatch.ts";

/** Layers on their way at once: decompressing is not done by the thread that hashes. */
const PARALLEL = 3;

/** Reads layers, each once, however many images have it. */
export class LayerReader {
  readonly #options: Cancellable;
  readonly #facts = new Map<Layer | string, LayerFacts>();

  constructor(options: Cancellable) {
    this.#options = options;
  }

  /** Reads all layers of an image that were not read yet. */
  async readAll(image: Image, report: Report): Promise<void> {
    const { signal } = this.#options;
    const layers = await report.read("layers()", () => image.layers(this.#options), signal);
    if (layers === undefined) return;
    // Those still to be made may all read one source: one after the other.
    for (const layer of layers) {
      if (layer.known() === undefined) await this.#read(layer, undefined);
    }
    const diffIds = await this.#diffIdsOf(image);
    const unread = new Map(
      layers.flatMap((layer, i) =>
        this.#isUnread(layer) ? [[keyOf(layer), [layer, diffIds[i]]] as const] : [],
      ),
    );
    const queue = unread.values();
    const work = async (): Promise<void> => {
      for (const [layer, diffId] of queue) await this.#read(layer, diffId);
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  }

  factsOf(layer: Layer): LayerFacts | undefined {
    return this.#facts.get(layer) ?? this.#facts.get(keyOf(layer));
  }

  #isUnread(layer: Layer): boolean {
    return !isForeignLayerType(layer.mediaType) && this.factsOf(layer) === undefined;
  }

  /** What the config says, if it can be read: that is told elsewhere. */
  async #diffIdsOf(image: Image): Promise<readonly DiffId[]> {
    try {
      return (await image.config(this.#options)).rootfs.diff_ids;
    } catch {
      this.#options.signal?.throwIfAborted();
      return [];
    }
  }

  async #read(layer: Layer, diffId: DiffId | undefined): Promise<void> {
    const known = layer.known();
    const facts = await readLayer(layer, { digest: known?.digest, diffId }, this.#options);
    this.#facts.set(known === undefined ? layer : keyOf(layer), facts);
  }
}

/** The same bytes may be a layer under two media types: they are then two. */
function keyOf(layer: Layer): Layer | string {
  const descriptor = layer.known();
  return descriptor === undefined ? layer : `${descriptor.digest} ${descriptor.mediaType} ${descriptor.size}`;
}
