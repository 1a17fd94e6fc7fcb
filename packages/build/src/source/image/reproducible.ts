import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { encodePath } from "@cooper/archive";
import { describe, type Step, stepsOf } from "@cooper/engine";
import { compareLayers, type Digest, type DiffId, type LayerComparison } from "@cooper/oci";
import { buildSource, type BuildSourceOptions, type BuiltImage } from "./build-source.ts";
import type { Plan } from "../plan/plan.ts";
import type { Source } from "../project/source.ts";
import { originOf } from "../project/origin.ts";

/** What came of building twice. */
export interface Reproduction {
  /** The first build's. Close it. */
  readonly built: BuiltImage;
  readonly digests: readonly [Digest, Digest];
  /** Layers that are not the same; none where the digests are. */
  readonly layers: readonly LayerDifference[];
  /** Steps that gave other files though what went into them was the same. */
  readonly steps: readonly string[];
}

export interface LayerDifference extends LayerComparison {
  /** Its place in the image, from 0. */
  readonly layer: number;
  /** The step that made it; undefined for one of the base. */
  readonly step: string | undefined;
}

/**
 * Builds twice, every step anew, and compares. The second time the source is a copy in another
 * directory, the umask and the time zone are others, caches are empty, and one step runs at a time. What
 * `buildSource` throws.
 */
export async function reproduce(
  plan: Plan,
  source: Source,
  options: BuildSourceOptions,
): Promise<Reproduction> {
  const origin = await originOf(source); // the copy is in no repository
  const first = await observedBuild(plan, source, { ...options, origin, cache: "ignore" });
  const copy = join(options.home, "build", `aside-${process.pid}-${randomUUID()}`);
  const restore = beElsewhere();
  try {
    copySource(source, copy);
    const again = { ...options, origin, cache: "ignore", caches: "empty", parallel: 1 } as const;
    const second = await observedBuild(plan, { ...source, directory: copy }, again);
    try {
      return await compare(first, second);
    } finally {
      await second.built.close();
    }
  } catch (error) {
    await first.built.close();
    throw error;
  } finally {
    restore();
    rmSync(copy, { recursive: true, force: true });
  }
}

interface Observed {
  readonly built: BuiltImage;
  readonly last: Step;
  /** What each step gave. */
  readonly made: ReadonlyMap<Digest, DiffId>;
}

async function observedBuild(plan: Plan, source: Source, options: BuildSourceOptions): Promise<Observed> {
  const layers: Promise<readonly [Digest, DiffId]>[] = [];
  let last: Step | undefined;
  const built = await buildSource(plan, source, {
    ...options,
    goal: "image",
    onGraph: (step) => (last = step),
    onEvent: (event) => {
      if (event.type === "step-done") {
        const { step, layer } = event;
        layers.push((async () => [step.digest, await layer.diffId()] as const)());
      }
      options.onEvent?.(event);
    },
  });
  if (built === undefined || last === undefined) throw new Error("unreachable: the goal is an image");
  return { built, last, made: new Map(await Promise.all(layers)) };
}

async function compare(first: Observed, second: Observed): Promise<Reproduction> {
  const [a, b] = [first.built.image, second.built.image];
  const digests = [await a.digest(), await b.digest()] as const;
  const others = await b.layers();
  const makers = new Map([...first.made].map(([step, diffId]) => [diffId, step]));
  const steps = new Map(stepsOf(first.last).map((step) => [step.digest, step]));
  const layers: LayerDifference[] = [];
  for (const [place, layer] of (await a.layers()).entries()) {
    const other = others[place];
    if (other === undefined) break;
    // oxlint-disable-next-line no-await-in-loop -- each reads whole layers
    const [diffId, otherId] = [await layer.diffId(), await other.diffId()];
    if (diffId === otherId) continue;
    const maker = makers.get(diffId);
    const step = maker === undefined ? undefined : steps.get(maker);
    // oxlint-disable-next-line no-await-in-loop
    const comparison = await compareLayers(layer, other);
    layers.push({
      layer: place,
      step: step === undefined ? undefined : describe(step.operation),
      ...comparison,
    });
  }
  return { built: first.built, digests, layers, steps: culprits(first, second) };
}

/** Steps that differ where nothing that they stand on does, inputs first. */
function culprits(first: Observed, second: Observed): readonly string[] {
  const differing = new Set<Digest>();
  const found: string[] = [];
  for (const step of stepsOf(first.last)) {
    const inherited = step.inputs.some(({ digest }) => differing.has(digest));
    const differs = first.made.get(step.digest) !== second.made.get(step.digest);
    if (inherited || differs) differing.add(step.digest);
    if (differs && !inherited) found.push(describe(step.operation));
  }
  return found;
}

const OTHER_ZONE = "Pacific/Kiritimati";

/** Another umask and time zone, until what it gives is called. */
function beElsewhere(): () => void {
  const umask = process.umask(0o077);
  const zone = process.env["TZ"];
  process.env["TZ"] = zone === OTHER_ZONE ? "UTC" : OTHER_ZONE;
  return () => {
    process.umask(umask);
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  };
}

/** The files of a source that a build sees, elsewhere: names, modes, times and content. */
function copySource({ directory, paths }: Source, to: string): void {
  mkdirSync(to, { recursive: true });
  const directories: (readonly [path: Buffer, mode: number])[] = [];
  for (const path of paths) {
    const [from, target] = [encodePath(join(directory, path)), encodePath(join(to, path))];
    const status = lstatSync(from);
    mkdirSync(encodePath(dirname(join(to, path))), { recursive: true });
    if (status.isDirectory()) {
      mkdirSync(target, { recursive: true });
      directories.push([target, status.mode]);
      continue;
    }
    if (status.isSymbolicLink()) symlinkSync(readlinkSync(from, "buffer"), target);
    else {
      copyFileSync(from, target);
      chmodSync(target, status.mode & 0o7777);
    }
    lutimesSync(target, status.atimeMs / 1000, status.mtimeMs / 1000);
  }
  // Last, or nothing could be put into one that may not be written.
  for (const [path, mode] of directories) chmodSync(path, mode & 0o7777);
}
