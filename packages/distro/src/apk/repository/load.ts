import { statSync } from "node:fs";
import { fromBytes } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import type { Fetcher } from "../../fetch/fetcher.ts";
import { isForArchitecture } from "../architecture.ts";
import { type ApkIndex, readIndex } from "../index/index-file.ts";
import type { TrustedKeys } from "../index/signature.ts";
import { makeUniverse, type Universe } from "../solver/universe.ts";
import { refuseRollback } from "./rollback.ts";
import { trustedKeys } from "./keys.ts";
import type { RepositorySource } from "./source.ts";

/** Repositories whose indexes were read and checked, ready for any number of requests. */
export interface LoadedRepositories {
  readonly universe: Universe;
  readonly repositories: readonly LoadedRepository[];
}

export interface LoadedRepository {
  readonly source: RepositorySource;
  readonly digest: Digest;
  readonly index: ApkIndex;
  /** Of its packages: what tells whether it has a very build. */
  readonly checksums: ReadonlySet<string>;
}

/** An index that is fetched is not asked for again for so long; milliseconds. */
const FRESH = 60_000;
/** Universes of other releases and architectures that are kept. */
const KEPT = 8;

interface Loading {
  readonly loaded: Promise<LoadedRepositories>;
  readonly since: number;
}

/** By what fetched them: whoever has another cache or network state loads anew. */
const loadings = new WeakMap<Fetcher, Map<string, Loading>>();

/**
 * Reads the indexes of some repositories for an architecture, checks their signatures and makes them
 * one universe. What was read a moment ago is taken again as long as no file has changed.
 *
 * `NOT_FOUND`, `OFFLINE`, `FETCH_FAILED`, `INDEX_…`, `KEY_…`, `SIGNATURE_INVALID`, `PLATFORM_UNSUPPORTED`
 */
export async function loadRepositories(
  sources: readonly RepositorySource[],
  architecture: string,
  context: Context,
): Promise<LoadedRepositories> {
  const known = loadings.get(context.fetcher) ?? new Map<string, Loading>();
  loadings.set(context.fetcher, known);
  const keys = context.signatures === "unchecked" ? "unchecked" : trustedKeys(context);
  const key = JSON.stringify([
    architecture,
    sources.map((source) => [
      source.indexAddress(architecture),
      source.tag,
      source.path,
      stampOf(source, architecture),
    ]),
    keys === "unchecked"
      ? keys
      : [...keys].map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]),
  ]);
  const before = known.get(key);
  if (before !== undefined && performance.now() - before.since < FRESH) return await before.loaded;
  const loaded = load(sources, architecture, keys, context);
  known.delete(key);
  known.set(key, { loaded, since: performance.now() });
  for (const oldest of known.keys()) if (known.size > KEPT) known.delete(oldest);
  try {
    return await loaded;
  } catch (error) {
    known.delete(key); // the next one may have better luck
    throw error;
  }
}

/** What changes when a file of this machine does. */
function stampOf(source: RepositorySource, architecture: string): string {
  if (source.localPath === undefined) return "";
  const status = statSync(source.indexAddress(architecture), { throwIfNoEntry: false, bigint: true });
  return status === undefined ? "" : `${status.ino} ${status.size} ${status.mtimeNs}`;
}

async function load(
  sources: readonly RepositorySource[],
  architecture: string,
  keys: TrustedKeys | "unchecked",
  context: Context,
): Promise<LoadedRepositories> {
  const repositories = await Promise.all(
    sources.map(async (source) => await loadOne(source, architecture, keys, context)),
  );
  const universe = makeUniverse(
    repositories.map(({ index, source }) => ({
      packages: index.packages.filter((package_) => isForArchitecture(package_, architecture)),
      tag: source.tag,
    })),
  );
  const all = repositories.reduce((sum, { index }) => sum + index.packages.length, 0);
  if (all > 0 && universe.packages.length === 0) {
    const found = new Set(repositories.flatMap(({ index }) => index.packages.map(({ arch }) => arch)));
    throw new DistroError(
      "PLATFORM_UNSUPPORTED",
      `the repository has packages for ${[...found].join(", ")}, and none for ${architecture}`,
      { kind: "usage", advice: "Ask for another platform, or give another repository." },
    );
  }
  return { universe, repositories };
}

async function loadOne(
  source: RepositorySource,
  architecture: string,
  keys: TrustedKeys | "unchecked",
  context: Context,
): Promise<LoadedRepository> {
  const address = source.indexAddress(architecture);
  const label = `the index of ${source.path}`;
  const { bytes, digest } = await context.fetcher.current(address, {
    limit: MAX_INDEX_BYTES,
    label,
    signal: context.signal,
  });
  const index = await named(source, async () => await readIndex(fromBytes(bytes), { keys }));
  if (keys === "unchecked") {
    context.onEvent({
      type: "warning",
      subject: source.path,
      message: "the signature of the index was not checked",
    });
  }
  await refuseRollback(address, source.path, index, digest, context);
  context.onEvent({ type: "index-loaded", repository: source.path, packages: index.packages.length });
  return { source, digest, index, checksums: new Set(index.packages.map(({ checksum }) => checksum)) };
}

const MAX_INDEX_BYTES = 64 * 2 ** 20;

/** Which of several indexes an error is about. */
async function named<T>({ path }: RepositorySource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof DistroError)) throw cause;
    const { kind, fields, advice } = cause;
    throw new DistroError(cause.code, `${path}: ${cause.message}`, {
      cause,
      kind,
      fields: { ...fields, repository: path },
      ...(advice === undefined ? {} : { advice }),
    });
  }
}
