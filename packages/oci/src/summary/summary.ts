import type { Cancellable } from "@cooper/archive";
import { platformOfConfig } from "../config.ts";
import type { HistoryEntry, ImageConfig, RunConfig } from "../config.ts";
import type { Annotations, Descriptor, MediaType, Platform } from "../descriptor.ts";
import type { Digest, DiffId } from "../digest.ts";
import { artifactTypeOf, isArtifact } from "../manifest.ts";
import type { Content, Image, Index } from "../model.ts";

/** What there is to say about one layer. */
export interface LayerSummary {
  readonly digest: Digest;
  readonly mediaType: MediaType;
  /** Bytes as it is stored. */
  readonly size: number;
  readonly diffId?: DiffId | undefined;
  /** The instruction that made it. */
  readonly createdBy?: string | undefined;
  /** RFC 3339. */
  readonly created?: string | undefined;
  readonly annotations?: Annotations | undefined;
}

interface CommonSummary {
  readonly digest: Digest;
  readonly mediaType: MediaType;
  /** Bytes of the manifest or index itself. */
  readonly size: number;
  readonly artifactType?: MediaType | undefined;
  readonly annotations?: Annotations | undefined;
  readonly subject?: Descriptor | undefined;
}

/** What there is to say about an image, or about an artifact, which has no platform and no run config. */
export interface ImageSummary extends CommonSummary {
  readonly kind: "image";
  readonly platform?: Platform | undefined;
  /** RFC 3339. */
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly config: Descriptor;
  readonly run?: RunConfig | undefined;
  /** The base first. */
  readonly layers: readonly LayerSummary[];
  /** Bytes of manifest, config and layers together: what there is to download. */
  readonly totalSize: number;
}

/** What there is to say about an index. */
export interface IndexSummary extends CommonSummary {
  readonly kind: "index";
  readonly manifests: readonly Descriptor[];
}

export type Summary = ImageSummary | IndexSummary;

/** Everything about an image or index that its manifest and config say. Of an index nothing else is read. */
export async function summarize(content: Content, options: Cancellable = {}): Promise<Summary> {
  return content.kind === "index"
    ? await summarizeIndex(content, options)
    : await summarizeImage(content, options);
}

async function summarizeIndex(index: Index, options: Cancellable): Promise<IndexSummary> {
  const { digest, mediaType, size } = await index.descriptor(options);
  const { artifactType, annotations, subject, manifests } = await index.manifest(options);
  return { kind: "index", digest, mediaType, size, artifactType, annotations, subject, manifests };
}

async function summarizeImage(image: Image, options: Cancellable): Promise<ImageSummary> {
  const { digest, mediaType, size } = await image.descriptor(options);
  const manifest = await image.manifest(options);
  const { annotations, subject, config: configDescriptor, layers } = manifest;
  const config = isArtifact(manifest) ? undefined : await image.config(options);
  const steps = config === undefined ? [] : layerSteps(config);
  return {
    kind: "image",
    digest,
    mediaType,
    size,
    artifactType: artifactTypeOf(manifest),
    platform: config === undefined ? undefined : platformOfConfig(config),
    created: config?.created,
    author: config?.author,
    annotations,
    subject,
    config: configDescriptor,
    run: config?.config,
    layers: layers.map((layer, i) => ({
      digest: layer.digest,
      mediaType: layer.mediaType,
      size: layer.size,
      diffId: config?.rootfs.diff_ids[i],
      createdBy: steps[i]?.created_by,
      created: steps[i]?.created,
      annotations: layer.annotations,
    })),
    totalSize: layers.reduce((sum, layer) => sum + layer.size, size + configDescriptor.size),
  };
}

/**
 * The history entry of each layer, in the layers' order (image-spec, config.md, history): entries
 * with `empty_layer` made none. Where the count does not fit, nothing is said of any layer.
 */
export function layerSteps({ history = [], rootfs }: ImageConfig): readonly HistoryEntry[] {
  const steps = history.filter((entry) => entry.empty_layer !== true);
  return steps.length === rootfs.diff_ids.length ? steps : [];
}

/** One step of an image's making, with the layer that it made. */
export interface HistoryStep extends HistoryEntry {
  /** Missing for a step that made none. */
  readonly layer?: Descriptor | undefined;
}

/** The steps an image was made by, the first one first, each with its layer. Layers without history come last. */
export async function historyOf(image: Image, options: Cancellable = {}): Promise<readonly HistoryStep[]> {
  const { history = [] } = await image.config(options);
  const { layers } = await image.manifest(options);
  let next = 0;
  const steps = history.map((entry) =>
    entry.empty_layer === true ? entry : { ...entry, layer: layers[next++] },
  );
  return [...steps, ...layers.slice(next).map((layer) => ({ layer }))];
}
