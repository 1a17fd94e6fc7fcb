import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import {
  apkKeyringPaths,
  changeApkRoot,
  type ContextOptions,
  imageOfPackages,
  type LayersOptions,
  type Lock,
  openContext,
  type OpenContext,
  type Solution,
} from "@cooper/distro";
import { type Content, digestOf, parsePlatform, type Platform } from "@cooper/oci";
import { hostPlatform } from "@cooper/transport";
import { BuildError } from "../errors.ts";
import { addAccounts } from "./accounts.ts";
import { addCertificates } from "./certificates.ts";
import { applyPaths } from "./paths.ts";
import { type FetchText, readApko, type ReadConfiguration } from "./read.ts";
import { annotationsOf, runConfigOf } from "./run-config.ts";
import type { ApkoConfiguration } from "./schema.ts";
import { discoverKeys } from "./discover-keys.ts";
import { keyFiles } from "./keyring.ts";
import { solveTogether } from "./solve.ts";
import { writeSettings } from "./settings.ts";

export interface ApkoOptions extends ContextOptions {
  /** Instead of the file's `archs`. */
  readonly platforms?: readonly Platform[] | undefined;
  /** Nothing is solved: this is made. It must have been made from the same file. */
  readonly lock?: Lock | undefined;
  /** Instead of the file's `layering`. */
  readonly layers?: LayersOptions | undefined;
}

/** An image that a file describes. Close it when it has been written. */
export interface ApkoImage {
  readonly content: Content;
  close(): Promise<void>;
}

/**
 * The image that a file in apko's form describes; an index where it is for several architectures. What
 * comes of `paths`, accounts and certificates is in the top layer, so that the packages' layers are those of
 * any other image.
 *
 * `CONFIGURATION_INVALID`, `CONFIGURATION_UNSUPPORTED`, `LOCK_INVALID`, and what solving throws
 */
export async function buildApko(path: string, options: ApkoOptions = {}): Promise<ApkoImage> {
  const opened = await openContext(options);
  try {
    const read = await readApko(path, textsOf(opened));
    const { configuration } = read;
    refuseUnsupported(configuration);
    const annotations = annotationsOf(configuration);
    runConfigOf(configuration, {}, annotations); // what makes no sense is said before packages are fetched
    const context = atRepositories(path, configuration, opened, options);
    const solutions =
      options.lock === undefined
        ? await solve(path, configuration, context, options)
        : lockedSolutions(options.lock, read, path, options.platforms);
    const content = imageOfPackages(solutions, context, {
      ...layeringOf(configuration),
      ...defined(options.layers ?? {}),
      annotations,
      adapt: async (assembly, solution) => {
        const changed = await changeApkRoot(
          assembly,
          async (root) => {
            writeSettings(root, configuration, solution);
            await addAccounts(root, configuration.accounts ?? {});
            await addCertificates(root, configuration.certificates ?? {});
            applyPaths(root, configuration.paths ?? []);
          },
          context,
        );
        return {
          ...changed,
          whole: async (cancel) => {
            const whole = await changed.whole(cancel);
            return { ...whole, run: runConfigOf(configuration, whole.run, annotations) };
          },
        };
      },
    });
    return { content, close: async () => await opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What the file comes to now, written down. */
export async function lockApko(path: string, options: ApkoOptions = {}): Promise<Lock> {
  const opened = await openContext(options);
  try {
    const read = await readApko(path, textsOf(opened));
    const context = atRepositories(path, read.configuration, opened, options);
    const solutions = await solve(path, read.configuration, context, options);
    return { version: 1, reference: basename(path), source: digestOfSources(read), solutions };
  } finally {
    await opened.close();
  }
}

async function solve(
  path: string,
  configuration: ApkoConfiguration,
  context: OpenContext,
  { platforms, keyrings }: ApkoOptions,
): Promise<readonly Solution[]> {
  const packages = configuration.contents?.packages ?? [];
  const trusting =
    (keyrings ?? []).length > 0
      ? context
      : { ...context, keyrings: await keysOf(path, configuration, context) };
  return await solveTogether(packages, platforms ?? platformsOf(configuration), trusting);
}

/** The keys that the file names; where it names none, this machine's, and those that its repositories tell. */
async function keysOf(
  path: string,
  { contents = {} }: ApkoConfiguration,
  context: OpenContext,
): Promise<readonly string[]> {
  const named = contents.keyring ?? [];
  if (named.length > 0) {
    return await keyFiles(
      named.map((line) => placeOf(line, path)),
      context,
    );
  }
  return [...apkKeyringPaths(context), ...(await discoverKeys(context.repositories ?? [], context))];
}

function lockedSolutions(
  lock: Lock,
  read: ReadConfiguration,
  path: string,
  platforms: readonly Platform[] | undefined,
): readonly Solution[] {
  if (lock.source !== digestOfSources(read)) {
    throw new BuildError(
      "LOCK_OUTDATED",
      `${path} is not the file that was locked: it or what it includes has changed`,
      {
        advice: `Lock it anew: cooper lock ${path} -o FILE`,
        fields: { path },
      },
    );
  }
  if (platforms === undefined) return lock.solutions;
  return lock.solutions.filter(({ platform }) => platforms.some((wanted) => isSame(platform, wanted)));
}

function isSame(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture && (a.variant ?? "") === (b.variant ?? "");
}

function digestOfSources({ sources }: ReadConfiguration): string {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(`${Buffer.byteLength(source)}\n`).update(source);
  return digestOf("sha256", hash.digest("hex"));
}

/** The same context with the file's repositories, unless others are given. */
function atRepositories(
  path: string,
  { contents = {} }: ApkoConfiguration,
  context: OpenContext,
  { repositories: own = [] }: ApkoOptions,
): OpenContext {
  const named = [...(contents.repositories ?? []), ...(contents.build_repositories ?? [])];
  if (own.length > 0 || named.length === 0) return context;
  return { ...context, repositories: named.map((line) => placeOf(line, path)) };
}

function textsOf({ fetcher, signal }: OpenContext): FetchText {
  return async (address, limit) => (await fetcher.current(address, { limit, signal })).bytes.toString("utf8");
}

/** A path is beside the file, or else below the working directory, as apko has it. */
function placeOf(line: string, path: string): string {
  const match = /^(@\S+\s+)?(.*)$/u.exec(line.trim());
  const tag = match?.[1] ?? "";
  const place = match?.[2] ?? "";
  if (/^[a-z][a-z0-9+.-]*:/iu.test(place) || isAbsolute(place)) return line;
  const beside = join(dirname(path), place);
  return existsSync(beside) ? `${tag}${beside}` : line;
}

/** apko's names of architectures are OCI's; apk's own are understood too. */
const ALL = ["386", "amd64", "arm64", "arm/v6", "arm/v7", "loong64", "ppc64le", "riscv64", "s390x"];
const ALIASES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  x86: "386",
  armhf: "arm/v6",
  armv7: "arm/v7",
  loongarch64: "loong64",
};

function platformsOf({ archs = [] }: ApkoConfiguration): readonly Platform[] {
  if (archs.length === 0) return [hostPlatform()];
  const names = archs.flatMap((name) => (name === "all" ? ALL : [ALIASES[name] ?? name]));
  return [...new Set(names)].map((name) => {
    if (name === "host") return hostPlatform();
    if (ALL.includes(name)) return parsePlatform(`linux/${name}`);
    throw new BuildError("CONFIGURATION_INVALID", `archs: there is no architecture ${JSON.stringify(name)}`, {
      kind: "usage",
      advice: `These are: ${ALL.join(", ")}.`,
    });
  });
}

/** apko's budget counts layers of packages; Cooper's the top layer too. */
function layeringOf({ layering }: ApkoConfiguration): LayersOptions {
  if (layering === undefined) return {};
  const { budget } = layering;
  if (budget === undefined) return { strategy: "per-origin" };
  return { strategy: "per-origin", budget: Math.min(Math.max(budget, 1) + 1, 120) };
}

function defined(options: LayersOptions): LayersOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function refuseUnsupported({ contents, format }: ApkoConfiguration): void {
  if (contents?.baseimage !== undefined) {
    throw unsupported("contents.baseimage", "Name the base's packages, or copy what is needed from it.");
  }
  if (format === "erofs") throw unsupported("format: erofs", "Leave it out, or write tar.");
}

function unsupported(what: string, advice: string): BuildError {
  return new BuildError("CONFIGURATION_UNSUPPORTED", `${what} is not built`, { advice });
}
