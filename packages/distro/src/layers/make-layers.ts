import { createHash } from "node:crypto";
import {
  type ByteStream,
  type Cancellable,
  compress,
  GZIP_WRITER_VERSION,
  readFileStream,
  tally,
  TAR_WRITER_VERSION,
  type TarInput,
  writeFileAtomic,
  writeTar,
  ZSTD_WRITER_VERSION,
} from "@cooper/archive";
import {
  digestOf,
  isDigest,
  type Layer,
  layerFromBlob,
  layerMediaType,
  makeLayer,
  parseDiffId,
  parseDigest,
} from "@cooper/oci";
import { Lane } from "@cooper/transport";
import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly, PackageContent } from "../ecosystem/ecosystem.ts";
import { type LayeringOptions, planLayers } from "./plan.ts";

export interface LayersOptions extends LayeringOptions {
  /** Default gzip: what every registry and runtime takes. */
  readonly compression?: "gzip" | "zstd" | undefined;
}

/** A layer, and the packages in it; the top layer has none. */
export interface PackageLayer {
  readonly layer: Layer;
  readonly packages: readonly PackageContent[];
}

/** Layers that are made at a time: more than there are cores, since unpacking waits for programs and disks. */
const PARALLEL = 3;

/**
 * The layers of an assembly, the bottom first. Those of packages are made once and kept in the cache,
 * so that the next image with the same packages takes them from there; the top layer is made when it
 * is read. `LAYERING_INVALID`, and what the packages' members throw
 */
export async function makeLayers(
  assembly: Assembly,
  context: Context,
  options: LayersOptions = {},
): Promise<readonly PackageLayer[]> {
  const { packages } = assembly;
  const plan = planLayers(
    packages.map((content) => content.package),
    options,
  );
  const groups = plan.map((places) =>
    places.map((place) => packages[place]).filter((content) => content !== undefined),
  );
  const lane = new Lane(PARALLEL);
  const abort = new AbortController();
  const signal =
    context.signal === undefined ? abort.signal : AbortSignal.any([context.signal, abort.signal]);
  const made = await Promise.allSettled(
    groups.map(async (group) => {
      const leave = await lane.enter(signal);
      try {
        return { layer: await keptLayer(group, { ...context, signal }, options), packages: group };
      } catch (error) {
        abort.abort(error); // the others need not be finished, but are waited for
        throw error;
      } finally {
        leave();
      }
    }),
  );
  const top = makeLayer({
    tar: (cancel) => writeTar(assembly.top(cancel), cancel),
    compression: options.compression,
  });
  const failed = made.find((one) => one.status === "rejected");
  if (failed !== undefined) throw abort.signal.reason;
  return [
    ...made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    { layer: top, packages: [] },
  ];
}

/** A group's layer from the cache, or made into it. */
async function keptLayer(
  group: readonly PackageContent[],
  context: Context,
  { compression = "gzip" }: LayersOptions,
): Promise<Layer> {
  const key = layerKey(group, compression);
  const path = await context.cache.derived(
    "layer",
    key,
    async (aside, cancel) => {
      const tar = tally(writeTar(distinct(group, cancel), cancel));
      const blob = tally(compress(tar.stream, { compression, ...cancel }));
      await writeFileAtomic(aside, blob.stream, cancel);
      await context.cache.storeRecord("layer", key, {
        digest: digestOf("sha256", blob.hex()),
        size: blob.size(),
        diffId: digestOf("sha256", tar.hex()),
      });
    },
    context,
  );
  const known = layerRecord.safeParse(await context.cache.record("layer", key)).data;
  const { digest, size, diffId } = known ?? (await measure(path, context));
  return layerFromBlob({
    descriptor: { mediaType: layerMediaType("oci", compression), digest: parseDigest(digest), size },
    diffId: diffId === undefined ? undefined : parseDiffId(diffId),
    open: (cancel): ByteStream => readFileStream(path, cancel),
  });
}

/** What a layer's bytes depend on, and nothing else: neither the other packages of the image nor its name. */
function layerKey(group: readonly PackageContent[], compression: "gzip" | "zstd"): string {
  const writer = compression === "gzip" ? GZIP_WRITER_VERSION : ZSTD_WRITER_VERSION;
  const facts = JSON.stringify([
    `tar ${TAR_WRITER_VERSION}`,
    `${compression} ${writer}`,
    ...group.map(({ key }) => key),
  ]);
  return `${group
    .map(({ package: { name } }) => name)
    .join("+")
    .slice(0, 200)} ${createHash("sha256").update(facts).digest("hex")}`;
}

/** All members of a group, each path once: directories that many packages have, above all. */
async function* distinct(group: readonly PackageContent[], cancel: Cancellable): AsyncIterable<TarInput> {
  if (group.length === 1) {
    const [only] = group;
    if (only !== undefined) yield* only.members(cancel);
    return;
  }
  const seen = new Set<string>();
  for (const content of group) {
    for await (const member of content.members(cancel)) {
      if (seen.has(member.path)) continue;
      seen.add(member.path);
      yield member;
    }
  }
}

const digest = z.string().refine(isDigest);
const layerRecord = z.object({ digest, size: z.number(), diffId: digest.optional() });
type LayerRecord = z.infer<typeof layerRecord>;

/** Where the record was lost, the layer itself still tells. */
async function measure(path: string, cancel: Cancellable): Promise<LayerRecord> {
  const { stream, hex, size } = tally(readFileStream(path, cancel));
  for await (const _ of stream) continue;
  return { digest: digestOf("sha256", hex()), size: size(), diffId: undefined };
}
