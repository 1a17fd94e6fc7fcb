import { createHash } from "node:crypto";
import { compress, readFileStream, tally, writeTar } from "@cooper/archive";
import {
  digestOf,
  isDigest,
  type Layer,
  layerFromBlob,
  layerMediaType,
  makeLayer,
  parseDiffId,
  parseDigest,
  type RunConfig,
} from "@cooper/oci";
import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly, Whole } from "../ecosystem/ecosystem.ts";
import type { DistroEvent } from "../ecosystem/event.ts";
import type { LayersOptions } from "./make-layers.ts";

/** What an image is besides its packages' own layers, and the layer of it. */
export interface MadeWhole extends Omit<Whole, "top"> {
  readonly top: Layer;
}

/** Makes the whole of an assembly, or takes it from where it is. */
export type WholeMaker = (
  assembly: Assembly,
  context: Context,
  options: Pick<LayersOptions, "compression">,
) => Promise<MadeWhole>;

/** Made now, its layer when that is read. */
export const makeWhole: WholeMaker = async (assembly, context, { compression }) => {
  const whole = await assembly.whole(context);
  const top = makeLayer({ tar: (cancel) => writeTar(whole.top(cancel), cancel), compression });
  return { top, run: whole.run, created: whole.created };
};

type Warning = Extract<DistroEvent, { readonly type: "warning" }>;

/** Where what is told while packages become an image passes through. */
export class Listening {
  readonly #told: Warning[] = [];

  /** The same context, whose warnings are heard. */
  over(context: Context): Context {
    const onEvent = (event: DistroEvent): void => {
      if (event.type === "warning") this.#told.push(event);
      context.onEvent(event);
    };
    return { ...context, onEvent };
  }

  /** What work gave, and which warnings it told. */
  async hear<Result>(work: () => Promise<Result>): Promise<readonly [Result, readonly Warning[]]> {
    const before = this.#told.length;
    const result = await work();
    return [result, this.#told.slice(before)];
  }
}

/**
 * The whole of what `facts` decide about entirely, made once and kept in the cache: to follow the scripts
 * of all packages is the most of the work of an image whose packages' layers are there. What was told of
 * it then is told again. `listening` hears the context that the assembly works with.
 */
export function keptWhole(facts: unknown, listening: Listening): WholeMaker {
  return async (assembly, context, { compression = "gzip" }) => {
    const key = createHash("sha256")
      .update(JSON.stringify([compression, facts]))
      .digest("hex");
    const kept = await recall(key, compression, context);
    if (kept !== undefined) return kept;
    const [record, warnings] = await listening.hear(async () => {
      const whole = await assembly.whole(context);
      const { run, created } = whole;
      const tar = tally(writeTar(whole.top(context), context));
      const blob = compress(tar.stream, { compression, signal: context.signal });
      const { digest, size } = await context.cache.storeUnnamed(blob, async () => {}, context);
      return { digest, size, diffId: digestOf("sha256", tar.hex()), run, created };
    });
    await context.cache.storeRecord(KIND, key, { ...record, warnings });
    const made = await recall(key, compression, { ...context, onEvent: () => {} });
    if (made === undefined) throw new Error("unreachable: what was kept a moment ago is there");
    return made;
  };
}

async function recall(
  key: string,
  compression: "gzip" | "zstd",
  { cache, onEvent }: Context,
): Promise<MadeWhole | undefined> {
  const record = recordSchema.safeParse(await cache.record(KIND, key)).data;
  const path = record === undefined ? undefined : await cache.blob(parseDigest(record.digest));
  if (record === undefined || path === undefined) return undefined;
  for (const warning of record.warnings) onEvent({ type: "warning", ...warning });
  const { digest, size, diffId, run, created } = record;
  const top = layerFromBlob({
    descriptor: { mediaType: layerMediaType("oci", compression), digest: parseDigest(digest), size },
    diffId: parseDiffId(diffId),
    open: (cancel) => readFileStream(path, cancel),
  });
  return { top, run, created };
}

const KIND = "whole";

const digest = z.string().refine(isDigest);
const recordSchema = z.object({
  digest,
  size: z.number(),
  diffId: digest,
  // As it was made by the same version: `facts` has that.
  run: z.custom<RunConfig>((value) => typeof value === "object" && value !== null),
  created: z.number(),
  warnings: z.array(z.object({ subject: z.string(), message: z.string() })),
});
