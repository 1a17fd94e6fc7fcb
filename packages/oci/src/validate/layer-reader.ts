import type { Cancellable } from "@cooper/archive";
import { isForeignLayerType } from "../media-types.ts";
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
    const unread = new Map(
      layers.filter((layer) => this.#isUnread(layer)).map((layer) => [keyOf(layer), layer]),
    );
    const known = [...unread.values()].filter((layer) => layer.known() !== undefined);
    const unknown = [...unread.values()].filter((layer) => layer.known() === undefined);
    // Those still to be made may all read one source: one after the other.
    for (const layer of unknown) await this.#read(layer, report);
    const queue = known.values();
    const work = async (): Promise<void> => {
      for (const layer of queue) await this.#read(layer, report);
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  }

  factsOf(layer: Layer): LayerFacts | undefined {
    return this.#facts.get(layer) ?? this.#facts.get(keyOf(layer));
  }

  #isUnread(layer: Layer): boolean {
    return !isForeignLayerType(layer.mediaType) && this.factsOf(layer) === undefined;
  }

  async #read(layer: Layer, report: Report): Promise<void> {
    const { signal } = this.#options;
    const descriptor = layer.known();
    // Of an unknown layer the diffID is not asked: that would make it once more.
    const diffId =
      descriptor === undefined ? undefined : await layer.diffId(this.#options).catch(() => undefined);
    const facts = await report.read(
      "layers()",
      () => readLayer(layer, { digest: descriptor?.digest, diffId }, this.#options),
      signal,
    );
    if (facts !== undefined) this.#facts.set(descriptor === undefined ? layer : keyOf(layer), facts);
  }
}

/** The same bytes may be a layer under two media types: they are then two. */
function keyOf(layer: Layer): Layer | string {
  const descriptor = layer.known();
  return descriptor === undefined ? layer : `${descriptor.digest} ${descriptor.mediaType} ${descriptor.size}`;
}
