import { createHash } from "node:crypto";
import {
  type ByteStream,
  type Cancellable,
  compress,
  GZIP_WRITER_VERSION,
  readFileStream,
  startDeflating,
  tally,
  TAR_WRITER_VERSION,
  type TarInput,
  vouchedFor,
  writeNewFile,
  writeTar,
  ZSTD_WRITER_VERSION,
} from "@cooper/archive";
import {
  digestOf,
  isDigest,
  type Layer,
  layerFromBlob,
  layerMediaType,
  parseDiffId,
  parseDigest,
} from "@cooper/oci";
import { Lane } from "@cooper/transport";
import { z } from "zod";
import { hasDigest } from "../cache/unproven.ts";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly, MemberOptions, PackageContent, Whole } from "../ecosystem/ecosystem.ts";
import { inParallel } from "../fetch/in-parallel.ts";
import { makeWhole, type WholeMaker } from "./kept-whole.ts";
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

/** The layers of an image, the bottom first, and what else it is. */
export interface MadeLayers {
  readonly layers: readonly PackageLayer[];
  readonly whole: Omit<Whole, "top">;
}

/**
 * Layers that are made at a time. Far more than there are cores: a small one waits for the disk and for
 * other threads most of the time, and while few large ones are made, many small ones are.
 */
const PARALLEL = 8;

/** Bytes of packages, from which on threads to deflate them will be needed for certain. */
const DEFLATED_ON_THREADS = 512 * 1024;

/**
 * The layers of an assembly. Those of packages are made once and kept in the cache, so that the next
 * image with the same packages takes them from there; each is begun as soon as its packages are fetched.
 * The rest is made by `wholeOf`; by default its layer when that is read. `LAYERING_INVALID`, and what the packages' members throw
 */
export async function makeLayers(
  assembly: Assembly,
  context: Context,
  options: LayersOptions = {},
  wholeOf: WholeMaker = makeWhole,
): Promise<MadeLayers> {
  const { packages } = assembly;
  const plan = planLayers(
    packages.map((content) => content.package),
    options,
  );
  const groups = plan.map((places) =>
    places.map((place) => packages[place]).filter((content) => content !== undefined),
  );
  const lane = new Lane(PARALLEL);
  const making = await inParallel(
    largestFirst(groups),
    groups.length,
    async (group, cancel) => ({
      group,
      layer: await keptLayer(group, lane, { ...context, ...cancel }, options),
    }),
    context,
  );
  const { top, ...whole } = await wholeOf(assembly, context, options);
  const made = new Map(making.map(({ group, layer }) => [group, layer]));
  const layers = groups.flatMap((group) => {
    const layer = made.get(group);
    return layer === undefined ? [] : [{ layer, packages: group }];
  });
  return { layers: [...layers, { layer: top, packages: [] }], whole };
}

type Group = readonly PackageContent[];

/** What takes longest is not to be what everybody waits for at the end. */
function largestFirst(groups: readonly Group[]): readonly Group[] {
  return groups.toSorted((a, b) => downloadSize(b) - downloadSize(a));
}

function downloadSize(group: Group): number {
  return group.reduce((sum, content) => sum + content.package.size, 0);
}

/** A group's layer from the cache, or made into it. */
async function keptLayer(
  group: Group,
  lane: Lane,
  context: Context,
  { compression = "gzip" }: LayersOptions,
): Promise<Layer> {
  const key = layerKey(group, compression);
  /** Of a layer whose bytes this process has just seen. */
  let seen: LayerRecord | undefined;
  const recorded = async (): Promise<LayerRecord | undefined> =>
    layerRecord.safeParse(await context.cache.record("layer", key)).data;
  const path = await context.cache.derived(
    "layer",
    key,
    async (aside, cancel) => {
      // While its packages are on their way.
      if (compression === "gzip" && downloadSize(group) > DEFLATED_ON_THREADS) startDeflating();
      await inParallel(group, group.length, async (content, inner) => await content.fetch?.(inner), cancel);
      const tar = tally(writeTar(distinct(group, cancel), cancel));
      const blob = tally(compress(tar.stream, { compression, ...cancel }));
      const leave = await lane.enter(cancel.signal);
      try {
        await writeNewFile(aside, blob.stream, { ...cancel, durability: "unsynced" });
      } finally {
        leave();
      }
      seen = {
        digest: digestOf("sha256", blob.hex()),
        size: blob.size(),
        diffId: digestOf("sha256", tar.hex()),
      };
      await context.cache.storeRecord("layer", key, seen);
    },
    {
      signal: context.signal,
      isWhole: async (kept) => {
        const record = await recorded();
        if (record === undefined || !(await hasDigest(kept, parseDigest(record.digest)))) return false;
        seen = record;
        return true;
      },
    },
  );
  const { digest, size, diffId } = seen ?? (await recorded()) ?? (await measure(path, context));
  return layerFromBlob({
    descriptor: { mediaType: layerMediaType("oci", compression), digest: parseDigest(digest), size },
    diffId: diffId === undefined ? undefined : parseDiffId(diffId),
    open: (cancel): ByteStream => {
      if (seen === undefined) return readFileStream(path, cancel);
      seen = undefined; // who comes later does not know what the disk did meanwhile
      return vouchedFor(readFileStream(path, { length: size, ...cancel }), { digest, size });
    },
  });
}

/** What a layer's bytes depend on, and nothing else: neither the other packages of the image nor its name. */
function layerKey(group: Group, compression: "gzip" | "zstd"): string {
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

/**
 * All members of a group, each path once: directories that many packages have, above all. Compressing
 * copies each member's bytes before it asks for the next.
 */
async function* distinct(group: Group, cancel: Cancellable): AsyncIterable<TarInput> {
  const options: MemberOptions = { ...cancel, memory: "reused" };
  const seen = new Set<string>();
  for (const content of group) {
    for await (const member of content.members(options)) {
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
