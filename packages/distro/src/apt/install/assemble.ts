import { type ByteStream, type Cancellable, readFileStream, readTar } from "@cooper/archive";
import { parseDigest } from "@cooper/oci";
import type { Context } from "../../ecosystem/context.ts";
import type { Assembly, PackageContent } from "../../ecosystem/ecosystem.ts";
import type { Solution, SolvedPackage } from "../../ecosystem/solution.ts";
import { difference } from "../../rootfs/difference.ts";
import type { PackageBytes } from "../../rootfs/node.ts";
import { APT_CONTENT_VERSION } from "../package/content.ts";
import { Archives, type PackageAddress } from "../sources/archive.ts";
import { packageFacts } from "../package/facts.ts";
import { packageContent } from "../package/package-content.ts";
import { type InstalledPackage, installedPackage } from "./installed-package.ts";
import { installSystem } from "./install-system.ts";
import { runConfigOf } from "./run-config.ts";

/** Packages that are read at a time: unpacking them keeps a core each busy. */
const PARALLEL = 3;

/**
 * The parts of an image of apt's packages, installed as dpkg would, without running anything of theirs.
 * What a script would do and is not done here is told as a `warning`.
 *
 * `PACKAGE_INVALID`, `PACKAGE_CONFLICT`, `REPOSITORY_INVALID`, and what the fetcher throws
 */
export async function assemble(solution: Solution, context: Context): Promise<Assembly> {
  const packages = await fetchAll(wholeOf(solution), context);
  const newest = packages.reduce((most, { facts }) => Math.max(most, facts.newest), 0);
  const { tree, below, leftOut } = installSystem(packages, newest, architectureOf(wholeOf(solution)));
  for (const { installed, script, what } of leftOut) {
    context.onEvent({
      type: "warning",
      subject: installed.solved.name,
      message: `its ${script} ${what.join(", and ")}: that is not done`,
    });
  }
  return {
    packages: packages.map((installed) => contentOf(installed, context)),
    async *top(options) {
      yield* difference(tree, below, (bytes) => readBytes(packages, bytes, context, options));
    },
    run: runConfigOf(tree, solution.request),
    created: newest,
  };
}

/** The base comes first: it has the accounts and directories that the others' scripts speak of. */
function wholeOf(solution: Solution): Solution {
  const { base, packages } = solution;
  return base === undefined ? solution : { ...solution, packages: [...base.packages, ...packages] };
}

async function fetchAll(solution: Solution, context: Context): Promise<readonly InstalledPackage[]> {
  const archives = new Archives(solution, context);
  const installed: InstalledPackage[] = [];
  const pending = [...solution.packages.entries()];
  const failed = new AbortController();
  const signal =
    context.signal === undefined ? failed.signal : AbortSignal.any([context.signal, failed.signal]);
  const work = async (): Promise<void> => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const [at, solved] = next;
      signal.throwIfAborted();
      const address = archives.locate(solution, solved);
      // oxlint-disable-next-line no-await-in-loop
      installed[at] = await readPackage(solved, address, { ...context, signal });
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  return installed;
}

async function readPackage(
  solved: SolvedPackage,
  { url, headers }: PackageAddress,
  context: Context,
): Promise<InstalledPackage> {
  const { signal } = context;
  const label = `${solved.name} ${solved.version}`;
  const digest = parseDigest(solved.checksum);
  const path = await context.fetcher.file(url, { digest, size: solved.size }, { label, signal, headers });
  const file = { path, label };
  const facts = await packageFacts(file, digest, context.cache, { signal });
  return installedPackage(solved, file, digest, facts);
}

function contentOf({ solved, file, key }: InstalledPackage, context: Context): PackageContent {
  return {
    package: solved,
    key: `apt:${APT_CONTENT_VERSION}:${key}`,
    async *members(options) {
      const path = await packageContent(file, key, context.cache, options);
      yield* readTar(readFileStream(path, options), options);
    },
  };
}

async function* readBytes(
  packages: readonly InstalledPackage[],
  { package: number, offset, size: length }: PackageBytes,
  context: Context,
  options: Cancellable,
): ByteStream {
  const installed = packages[number];
  if (installed === undefined || length === 0) return;
  const path = await packageContent(installed.file, installed.key, context.cache, options);
  yield* readFileStream(path, { ...options, offset, length });
}

/** As dpkg calls the image's own: what its packages are for, but `all`. */
function architectureOf({ packages, platform }: Solution): string {
  const own = packages.find(({ architecture }) => architecture !== "all")?.architecture;
  return own ?? platform.architecture;
}
