import type { Context } from "../../ecosystem/context.ts";
import type { LockedRepository } from "../../ecosystem/solution.ts";
import { DistroError } from "../../errors.ts";
import { parseAddress } from "../../fetch/address.ts";
import {
  indexPath,
  type LoadedRelease,
  loadRelease,
  showSource,
  suiteAddress,
} from "../release/load-release.ts";
import { hostReleases, mirrored, type WantedReleases } from "../release/host-releases.ts";
import type { Release } from "../release/release.ts";
import type { ReleaseNames, Source } from "../solver/universe.ts";
import { archiveName } from "../sources/archive.ts";
import { accessTo } from "../sources/access.ts";
import { type GivenSource, parseGivenSource } from "../sources/given-sources.ts";
import type { Host } from "../sources/host.ts";
import { isFlat, type SourceEntry } from "../sources/source.ts";
import type { IndexFile } from "./index-file.ts";
import { hasIndex, loadIndex, loadIndexFile } from "./load-index.ts";

/** The indexes that a request is answered from, and how a lock names them. */
export interface LoadedSources {
  readonly sources: readonly Source[];
  /** One for each source, in the same order. */
  readonly repositories: readonly LockedRepository[];
}

/** What one context has loaded already: a batch of requests reads its indexes once. */
const loadedBy = new WeakMap<Context, Map<string, Promise<LoadedSources>>>();

/**
 * Reads all indexes for a release and an architecture, once for a context: from `repositories`
 * where they are given, else from what the host has for that release. `PLATFORM_UNSUPPORTED`, and
 * the codes of `loadRelease` and `loadIndex`
 */
export async function loadSources(
  host: Host,
  wanted: WantedReleases,
  architecture: string,
  context: Context,
): Promise<LoadedSources> {
  const loaded = loadedBy.get(context) ?? new Map<string, Promise<LoadedSources>>();
  loadedBy.set(context, loaded);
  const key = JSON.stringify([wanted, architecture]);
  const found = loaded.get(key) ?? readSources(host, wanted, architecture, context);
  loaded.set(key, found);
  try {
    return await found;
  } catch (error) {
    loaded.delete(key); // what failed may be tried again
    throw error;
  }
}

async function readSources(
  host: Host,
  wanted: WantedReleases,
  architecture: string,
  context: Context,
): Promise<LoadedSources> {
  const given = context.repositories?.map((text) => parseGivenSource(text, wanted.release));
  const suites =
    given === undefined
      ? await hostReleases(host, wanted, context)
      : await givenReleases(given, host, context);
  const read = await Promise.all(
    suites.map(async (each) => await readSuite(each, host, architecture, context)),
  );
  const files = given?.filter((each) => each.kind === "index") ?? [];
  const bare = await Promise.all(files.map(async (file) => await readFile(file, architecture, context)));
  const all = [...read.flat(), ...bare];
  if (all.length === 0) {
    const names = suites.map(({ entry }) => showSource(entry)).join(", ");
    throw new DistroError("PLATFORM_UNSUPPORTED", `there is nothing for ${architecture} in ${names}`, {
      fields: { architecture },
    });
  }
  return { sources: all.map(({ source }) => source), repositories: all.map(({ locked }) => locked) };
}

interface ReadSource {
  readonly source: Source;
  readonly locked: LockedRepository;
}

async function givenReleases(
  given: readonly GivenSource[],
  host: Host,
  context: Context,
): Promise<readonly LoadedRelease[]> {
  return await Promise.all(
    given.flatMap((each) =>
      each.kind === "suite" ? [loadRelease(mirrored(each.entry, host), host, context)] : [],
    ),
  );
}

async function readSuite(
  loaded: LoadedRelease,
  host: Host,
  architecture: string,
  context: Context,
): Promise<readonly ReadSource[]> {
  const { entry, release } = loaded;
  if (entry.architectures !== undefined && !entry.architectures.includes(architecture)) return [];
  const components = isFlat(entry) ? [""] : entry.components;
  const read: ReadSource[] = [];
  for (const component of components) {
    const path = indexPath(entry, component, architecture);
    const forAll = indexPath(entry, component, "all");
    const isListed = hasIndex(release.files, path);
    const paths = [
      ...(isListed ? [path] : []),
      ...(!isFlat(entry) && !release.hasAllInEach && hasIndex(release.files, forAll) ? [forAll] : []),
    ];
    if (paths.length === 0 && lacksComponent(release, component, architecture)) {
      throw new DistroError("REPOSITORY_INVALID", `${showSource(entry)} has no component ${component}`, {
        advice: `It has ${release.components.join(", ")}.`,
        fields: { source: showSource(entry), component },
      });
    }
    for (const each of paths) {
      // One by one: parsing takes the processor, and memory for one index at a time.
      // oxlint-disable-next-line no-await-in-loop
      read.push(await readIndex(each, component, loaded, host, architecture, context));
    }
  }
  return read;
}

/** The archive has this architecture, but not this component. */
function lacksComponent({ architectures, files }: Release, component: string, architecture: string): boolean {
  if (architectures.length > 0 && !architectures.includes(architecture)) return false;
  return ![...files.keys()].some((path) => path.startsWith(`${component}/`));
}

async function readIndex(
  path: string,
  component: string,
  { entry, release, digest, signedBy }: LoadedRelease,
  host: Host,
  architecture: string,
  context: Context,
): Promise<ReadSource> {
  const address = suiteAddress(entry);
  const index = await loadIndex(
    {
      address,
      path,
      files: release.files,
      isByHash: entry.byHash ?? release.isByHash,
      access: accessTo(address, host),
    },
    context,
  );
  const locked: LockedRepository = {
    path: lockedPath(entry, component),
    index: digest,
    signedBy,
    ...(release.date === undefined ? {} : { date: release.date }),
  };
  note(index, locked, context);
  return {
    source: { index, release: namesOf(entry, release, component, architecture) },
    locked,
  };
}

async function readFile(
  { path, root }: Extract<GivenSource, { kind: "index" }>,
  architecture: string,
  context: Context,
): Promise<ReadSource> {
  const { index, digest } = await loadIndexFile(path, context);
  context.onEvent({ type: "warning", subject: path, message: "nobody's signature vouches for this index" });
  const locked: LockedRepository = { path: archiveName(root), index: digest, signedBy: [] };
  note(index, locked, context);
  const release: ReleaseNames = {
    origin: "",
    label: "",
    suite: "",
    codename: "",
    version: "",
    component: "",
    architecture,
    site: "",
    notAutomatic: false,
    butAutomaticUpgrades: false,
  };
  return { source: { index, release }, locked };
}

function note(index: IndexFile, { path }: LockedRepository, { onEvent }: Context): void {
  onEvent({ type: "index-loaded", repository: path, packages: index.packages });
}

function lockedPath(entry: SourceEntry, component: string): string {
  const archive = archiveName(entry.uri);
  const suite = entry.suite.replace(/^\.?\/+|\/+$/g, "");
  if (isFlat(entry)) return suite === "" || suite === "." ? archive : `${archive}/${suite}`;
  return `${archive}/dists/${suite}/${component}`;
}

function namesOf(
  { uri }: SourceEntry,
  { origin, label, suite, codename, version, notAutomatic, butAutomaticUpgrades }: Release,
  component: string,
  architecture: string,
): ReleaseNames {
  const address = parseAddress(uri);
  return {
    origin,
    label,
    suite,
    codename,
    version,
    component,
    architecture,
    site: address.kind === "web" ? address.url.hostname : "",
    notAutomatic,
    butAutomaticUpgrades,
  };
}
