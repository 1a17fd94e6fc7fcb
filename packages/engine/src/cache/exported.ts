import { type Cancellable, collect, fromBytes } from "@cooper/archive";
import {
  type Content,
  describeBytes,
  type Digest,
  type Image,
  isLayerType,
  type Layer,
  layerFromBlob,
  makeArtifact,
  type MediaType,
  parseDiffId,
  parseDigest,
  parseJson,
} from "@cooper/oci";
import { z } from "zod";
import { EngineError } from "../errors.ts";

/**
 * What steps gave, as an artifact that any registry or layout keeps: its first blob says which step, by
 * its key, gave which layer; the others are the layers, as they are in images.
 */
const ARTIFACT_TYPE = "application/vnd.cooper.build-cache.v1" as MediaType;
const STEPS_TYPE = "application/vnd.cooper.build-cache.steps.v1+json" as MediaType;
const MOST_BYTES = 64 * 2 ** 20;

const stepsSchema = z.object({
  version: z.literal(1),
  steps: z.array(z.object({ key: z.string(), diffId: z.string(), blob: z.string(), step: z.string() })),
});

/** What a step gave: for a cache that is to be kept elsewhere. */
export interface GivenLayer {
  readonly key: Digest;
  /** What it did, for people. */
  readonly step: string;
  readonly layer: Layer;
}

/** Puts what steps gave into one artifact; each layer is in it once. */
export async function exportSteps(given: readonly GivenLayer[], options: Cancellable): Promise<Image> {
  const blobs = new Map<string, Layer>();
  const steps: z.infer<typeof stepsSchema>["steps"][number][] = [];
  for (const { key, step, layer } of given.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    // oxlint-disable-next-line no-await-in-loop -- each is compressed by as many threads as there are
    const { digest } = await layer.descriptor(options);
    blobs.set(digest, layer);
    // oxlint-disable-next-line no-await-in-loop
    steps.push({ key, diffId: await layer.diffId(options), blob: digest, step });
  }
  const bytes = Buffer.from(JSON.stringify({ version: 1, steps }));
  const index = layerFromBlob({
    descriptor: describeBytes(STEPS_TYPE, bytes),
    open: () => fromBytes(bytes),
  });
  return makeArtifact({ artifactType: ARTIFACT_TYPE, blobs: [index, ...blobs.values()] });
}

/** What steps gave elsewhere: a layer by a step's key. Nothing of a layer is read before it is asked for. */
export type ExportedSteps = ReadonlyMap<Digest, Layer>;

/** Reads what `exportSteps` made. `CACHE_INVALID` */
export async function importSteps(content: Content, options: Cancellable): Promise<ExportedSteps> {
  if (content.kind === "index") throw invalid("it is an index of images");
  const blobs = await content.layers(options);
  const [index] = blobs;
  if (index?.mediaType !== STEPS_TYPE) throw invalid("its first blob does not say which steps there are");
  const parsed = stepsSchema.safeParse(
    parseJson(await collect(index.open(options), { limit: MOST_BYTES }), "the steps of a build cache"),
  );
  if (!parsed.success) throw invalid(parsed.error.issues[0]?.message ?? "its steps cannot be read");
  const layers = new Map<string, Layer>();
  for (const blob of blobs)
    if (isLayerType(blob.mediaType)) layers.set((await blob.descriptor(options)).digest, blob);
  return new Map(
    parsed.data.steps.flatMap(({ key, diffId, blob }) => {
      const layer = layers.get(blob);
      const descriptor = layer?.known();
      if (layer === undefined || descriptor === undefined) return [];
      const known = layerFromBlob({
        descriptor,
        diffId: parseDiffId(diffId),
        open: (cancel) => layer.open(cancel),
      });
      return [[parseDigest(key), known] as const];
    }),
  );
}

function invalid(why: string): EngineError {
  return new EngineError("CACHE_INVALID", `this is no build cache: ${why}`, {
    advice: "cooper build --cache-to writes one.",
  });
}
