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
import type { Step } from "@cooper/engine";
import type { Digest, DiffId } from "@cooper/oci";
import { buildSource, type BuildSourceOptions, type BuiltImage } from "./build-source.ts";
import { type BuildComparison, compareBuilds, type ObservedBuild } from "./compare-builds.ts";
import type { Plan } from "../plan/plan.ts";
import type { Source } from "../project/source.ts";
import { originOf } from "../project/origin.ts";

/** What came of building twice. */
export interface Reproduction extends BuildComparison {
  /** The first build's. Close it. */
  readonly built: BuiltImage;
}

interface Observed extends ObservedBuild {
  readonly built: BuiltImage;
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
      return { built: first.built, ...(await compareBuilds(first, second)) };
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
  return { built, image: built.image, last, made: new Map(await Promise.all(layers)) };
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
