import { compare, major, rcompare, satisfies, valid } from "semver";
import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import { DistroError } from "../errors.ts";
import type { Registries } from "./registries.ts";
import { runsOn, type Selected } from "./select.ts";
import type { Target } from "./target.ts";

/** The line of Node with long-term support when this version of Cooper was made; raising it changes digests. */
const LTS_LINE = 24;

/** An exact Node: one of npm's packages that hold nothing but the program. */
export interface Runtime {
  readonly name: string;
  readonly version: string;
  readonly tarball: string;
  readonly integrity: string | undefined;
}

export interface RuntimeOptions {
  readonly target: Target;
  /** A version or range that was asked for. */
  readonly wanted: string | undefined;
  readonly packages: readonly Selected[];
  /** All that there are. */
  readonly versions: Versions;
}

function runtimeName({ os, cpu }: Target): string {
  return `node-${os}-${cpu}`;
}

/**
 * Chooses the Node that the packages run on: the one that is kept, if it is possible; else of the versions that were asked for, or else of all,
 * those that fit `engines` of every package that is needed; of these the newest of `LTS_LINE`, else
 * the newest of an even line, else the newest. Where nothing fits them all, what was asked for
 * decides, and the others are warned about, as by npm. `UNSOLVABLE`
 */
export function chooseRuntime(
  { target, wanted, packages, versions }: RuntimeOptions,
  context: Context,
): Runtime {
  const name = runtimeName(target);
  const offered = [...versions.keys()].filter(
    (version) => wanted === undefined || satisfies(version, wanted),
  );
  if (offered.length === 0) throw nothingOffered(name, wanted ?? "*", [...versions.keys()]);

  const needed = packages.filter(({ entry }) => entry.optional !== true);
  const askedFor = needed.filter(({ reason }) => reason === "asked for");
  const fitting = fittingAll(offered, needed);
  const possible = fitting.length > 0 ? fitting : fittingAll(offered, askedFor);
  const kept = context.keep?.get(name);
  const chosen = possible.find((version) => version === kept) ?? preferred(possible);
  if (chosen === undefined) throw nothingFits(wanted, askedFor, offered);
  for (const { entry, place } of needed) {
    if (runsOn(entry.engines?.["node"], chosen)) continue;
    const message = `is for Node ${entry.engines?.["node"] ?? ""}, and the image has ${chosen}`;
    context.onEvent({ type: "warning", subject: place, message });
  }
  const found = versions.get(chosen);
  return { name, version: chosen, tarball: found?.dist.tarball ?? "", integrity: found?.dist.integrity };
}

function fittingAll(versions: readonly string[], packages: readonly Selected[]): readonly string[] {
  return versions.filter((version) =>
    packages.every(({ entry }) => runsOn(entry.engines?.["node"], version)),
  );
}

function preferred(versions: readonly string[]): string | undefined {
  const newest = versions.toSorted(rcompare);
  return (
    newest.find((version) => major(version) === LTS_LINE) ??
    newest.find((version) => major(version) % 2 === 0) ??
    newest[0]
  );
}

/** A package's document without what only people read. */
export const ABBREVIATED = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";
/** Bytes; the whole document with all its READMEs is far below this. */
export const MAX_DOCUMENT = 64 * 2 ** 20;

const documentSchema = z.looseObject({
  versions: z.record(
    z.string(),
    z.looseObject({
      dist: z.looseObject({ tarball: z.string(), integrity: z.string().optional() }),
    }),
  ),
});
/** Versions of a runtime, the oldest first. */
export type Versions = ReadonlyMap<string, z.infer<typeof documentSchema>["versions"][string]>;

/** Every Node that npm's registry has for a system. `INDEX_INVALID` */
export async function readVersions(
  target: Target,
  registries: Registries,
  context: Context,
): Promise<Versions> {
  const name = runtimeName(target);
  const url = `${registries.address(registries.pathFor(name))}${name}`;
  const { headers, proxy } = registries.access(url);
  const { bytes } = await context.fetcher.current(url, {
    limit: MAX_DOCUMENT,
    label: name,
    headers: { accept: ABBREVIATED, ...headers },
    proxy,
    signal: context.signal,
  });
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new DistroError("INDEX_INVALID", `what the registry says of ${name} is no JSON`, { cause });
  }
  const read = documentSchema.safeParse(json);
  if (!read.success) {
    throw new DistroError(
      "INDEX_INVALID",
      `what the registry says of ${name}: ${z.prettifyError(read.error)}`,
      {
        cause: read.error,
      },
    );
  }
  const versions = Object.entries(read.data.versions).filter(([version]) => valid(version) === version);
  context.onEvent({ type: "index-loaded", repository: name, packages: versions.length });
  return new Map(versions.toSorted(([a], [b]) => compare(a, b)));
}

function nothingOffered(name: string, wanted: string, versions: readonly string[]): DistroError {
  const near = versions.filter((version) => version.split(".")[0] === /\d+/.exec(wanted)?.[0]);
  const shown = (near.length > 0 ? near : versions).toSorted(rcompare).slice(0, 3).join(", ");
  return new DistroError("UNSOLVABLE", `npm has no Node ${wanted} (${name})`, {
    advice: shown === "" ? "The registry has none at all." : `Take one that there is, such as ${shown}.`,
    fields: { package: name, wanted },
  });
}

function nothingFits(
  wanted: string | undefined,
  packages: readonly Selected[],
  offered: readonly string[],
): DistroError {
  const wishes = packages.flatMap(({ place, entry }) => {
    const range = entry.engines?.["node"];
    return range === undefined ? [] : [`${place.slice(place.indexOf("/") + 1)} is for ${range}`];
  });
  const asked = wanted === undefined ? `none of ${offered.length} versions` : `no Node ${wanted}`;
  return new DistroError("UNSOLVABLE", `${asked} fits: ${wishes.join(", ")}`, {
    advice:
      wanted === undefined
        ? "Ask for versions of the packages that go with each other."
        : "Leave node out, and a version that fits is chosen.",
  });
}
