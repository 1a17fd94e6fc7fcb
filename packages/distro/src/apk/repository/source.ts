import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DistroError } from "../../errors.ts";

/** A repository, or one index of it, and what it is called on every machine. */
export interface RepositorySource {
  /** Where its files are: packages lie at this address and their path. */
  readonly root: string;
  /** The address of the index for an architecture. */
  indexAddress(architecture: string): string;
  /** The path of a package's file below `root`. */
  packagePath(architecture: string, file: string): string;
  /** `@tag`: its packages come only where the tag is asked for. */
  readonly tag: string | undefined;
  /** What names it in a lock, without any host or machine's directory: `alpine/v3.20/main`. */
  readonly path: string;
  /** On this machine, and which file says whether it has changed; undefined on the web. */
  readonly localPath: string | undefined;
}

const INDEX = "APKINDEX.tar.gz";

/**
 * Reads a repository as a line of `/etc/apk/repositories` has it: perhaps `@tag`, then an address or a
 * path. A path, or a `file:` address, may also lead to an index itself, or to a directory that has one.
 * `REPOSITORY_INVALID`
 */
export function parseSource(line: string): RepositorySource {
  const match = /^(?:@(?<tag>[^\s@]+)\s+)?(?<address>[^\s@].*)$/u.exec(line.trim());
  const address = match?.groups?.["address"]?.trim() ?? "";
  const tag = match?.groups?.["tag"];
  if (address === "") throw invalid(line, "has no address");
  return /^https?:/iu.test(address) ? webSource(address, tag) : localSource(line, address, tag);
}

function webSource(address: string, tag: string | undefined): RepositorySource {
  if (!URL.canParse(address)) throw invalid(address, "is no address");
  const url = new URL(address);
  const isIndex = url.pathname.endsWith(".tar.gz");
  const root = (isIndex ? address.slice(0, address.lastIndexOf("/")) : address).replace(/\/+$/u, "");
  const below = new URL(root).pathname.split("/").filter((part) => part !== "");
  return {
    ...(isIndex ? fixedIndex(address) : byArchitecture(root)),
    root,
    tag,
    path: below.map(decodeURIComponent).join("/") || "repository",
    localPath: undefined,
  };
}

function localSource(line: string, address: string, tag: string | undefined): RepositorySource {
  const place = resolve(pathOf(line, address));
  const index = localIndex(place);
  if (index === undefined) {
    return { ...byArchitecture(place), root: place, tag, path: basename(place), localPath: place };
  }
  const root = dirname(index);
  // Of `…/repo/x86_64/APKINDEX.tar.gz` the directory says no more than the architecture.
  const named = /^(?:x86_64|x86|aarch64|armhf|armv7|ppc64le|s390x|riscv64|loongarch64|noarch)$/u;
  const name = named.test(basename(root)) ? basename(dirname(root)) : basename(root);
  return { ...fixedIndex(index), root, tag, path: name || "repository", localPath: index };
}

/** The index that a path leads to directly; undefined where it has one for each architecture. */
function localIndex(place: string): string | undefined {
  const status = statSync(place, { throwIfNoEntry: false });
  if (status?.isFile() === true) return place;
  const inside = join(place, INDEX);
  return statSync(inside, { throwIfNoEntry: false })?.isFile() === true ? inside : undefined;
}

function pathOf(line: string, address: string): string {
  if (!/^[a-z][a-z0-9+.-]*:/iu.test(address)) return address;
  try {
    return fileURLToPath(address);
  } catch (cause) {
    throw invalid(line, "is neither http:, https: nor file:, nor a path", cause);
  }
}

type Places = Pick<RepositorySource, "indexAddress" | "packagePath">;

function byArchitecture(root: string): Places {
  return {
    indexAddress: (architecture) => `${root}/${architecture}/${INDEX}`,
    packagePath: (architecture, file) => `${architecture}/${file}`,
  };
}

function fixedIndex(address: string): Places {
  return { indexAddress: () => address, packagePath: (_, file) => file };
}

function invalid(line: string, what: string, cause?: unknown): DistroError {
  return new DistroError("REPOSITORY_INVALID", `the repository ${JSON.stringify(line)} ${what}`, {
    cause,
    kind: "usage",
    advice: "Write an address or a path, with @tag and a space before it if it has a tag.",
  });
}
