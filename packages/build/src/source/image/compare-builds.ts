import { describe, type Step, stepsOf } from "@cooper/engine";
import {
  compareLayers,
  type Digest,
  type DiffId,
  type Image,
  type Layer,
  type LayerComparison,
} from "@cooper/oci";

/** An image, and how it came to be. */
export interface ObservedBuild {
  readonly image: Image;
  /** The graph. */
  readonly last: Step;
  /** What each step gave. */
  readonly made: ReadonlyMap<Digest, DiffId>;
}

/** What two builds of one graph gave differently. */
export interface BuildComparison {
  readonly digests: readonly [Digest, Digest];
  /** Layers that are not the same; none where the digests are. */
  readonly layers: readonly LayerDifference[];
  /** Steps that gave other files though what went into them was the same. */
  readonly steps: readonly string[];
}

export type LayerDifference =
  | (LayerPlace & { readonly kind: "differs" } & LayerComparison)
  /** The other image has none to compare it with. */
  | (LayerPlace & { readonly kind: "only-in-first" | "only-in-second" });

export interface LayerPlace {
  /** Its place in its image (of a pair in the first one), from 0. */
  readonly layer: number;
  /** The step that made it; undefined for one of the base. */
  readonly step: string | undefined;
}

/** Compares what two builds gave: their images layer by layer, and their steps. What `Layer.tar` throws. */
export async function compareBuilds(first: ObservedBuild, second: ObservedBuild): Promise<BuildComparison> {
  const digests = [await first.image.digest(), await second.image.digest()] as const;
  const layers: LayerDifference[] = [];
  const [ours, others] = withoutCommon(await placed(first), await placed(second));
  for (const [index, { layer, place, step }] of ours.entries()) {
    const other = others[index];
    if (other === undefined) layers.push({ kind: "only-in-first", layer: place, step });
    // oxlint-disable-next-line no-await-in-loop -- each reads whole layers
    else layers.push({ kind: "differs", layer: place, step, ...(await compareLayers(layer, other.layer)) });
  }
  for (const { place, step } of others.slice(ours.length))
    layers.push({ kind: "only-in-second", layer: place, step });
  return { digests, layers, steps: culprits(first, second) };
}

interface PlacedLayer {
  readonly layer: Layer;
  readonly diffId: DiffId;
  readonly place: number;
  readonly step: string | undefined;
}

async function placed({ image, last, made }: ObservedBuild): Promise<readonly PlacedLayer[]> {
  const steps = new Map(stepsOf(last).map((step) => [made.get(step.digest), describe(step.operation)]));
  return await Promise.all(
    (await image.layers()).map(async (layer, place) => {
      const diffId = await layer.diffId();
      return { layer, diffId, place, step: steps.get(diffId) };
    }),
  );
}

/** What is left where the layers that both begin and end with are taken away: those that are not the same, in order. */
function withoutCommon(
  first: readonly PlacedLayer[],
  second: readonly PlacedLayer[],
): readonly [readonly PlacedLayer[], readonly PlacedLayer[]] {
  const least = Math.min(first.length, second.length);
  let start = 0;
  while (start < least && first[start]?.diffId === second[start]?.diffId) start++;
  let end = 0;
  while (end < least - start && first.at(-1 - end)?.diffId === second.at(-1 - end)?.diffId) end++;
  const ours = first.slice(start, first.length - end);
  const others = second.slice(start, second.length - end);
  if (ours.length !== others.length) return [ours, others];
  const differs = (_: PlacedLayer, place: number): boolean => ours[place]?.diffId !== others[place]?.diffId;
  return [ours.filter(differs), others.filter(differs)];
}

/** Steps that differ where nothing that they stand on does, inputs first; also images that were not found as they were. */
function culprits(first: ObservedBuild, second: ObservedBuild): readonly string[] {
  const known = new Set(stepsOf(second.last).map(({ digest }) => digest));
  const differing = new Set<Digest>();
  const found: string[] = [];
  for (const step of stepsOf(first.last)) {
    const inherited = step.inputs.some(({ digest }) => differing.has(digest));
    const isOther = step.operation.kind === "image" && !known.has(step.digest);
    const differs = isOther || first.made.get(step.digest) !== second.made.get(step.digest);
    if (inherited || differs) differing.add(step.digest);
    if (differs && !inherited) found.push(describe(step.operation));
  }
  return found;
}
