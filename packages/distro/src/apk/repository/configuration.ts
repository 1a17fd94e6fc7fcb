import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { parseSource, type RepositorySource } from "./source.ts";

type Configuration = Pick<Context, "repositories" | "environment" | "hostRoot">;

/**
 * The repositories that a request is solved with: those of an option; else those of the release that
 * the request names, below the mirror that this machine's configuration has for it; else the machine's
 * own, `/etc/apk/repositories`; else Alpine's newest stable release, if there is a mirror for it.
 * `REPOSITORY_INVALID`
 */
export function repositorySources(
  release: string | undefined,
  configuration: Configuration,
): readonly RepositorySource[] {
  const { repositories } = configuration;
  if (repositories !== undefined && repositories.length > 0) return repositories.map(parseSource);
  if (release === WOLFI) return [wolfi(configuration)];
  const own = hostRepositories(configuration);
  if (release === undefined && own.length > 0) return own.map(parseSource);
  return alpine(branchOf(release ?? "latest-stable"), own, configuration);
}

const WOLFI = "wolfi";
/** What Alpine has in every release, and supports. */
const SECTIONS = ["main", "community"];
const ADDRESS_OF_ALPINE = /^(?<mirror>https?:\/\/\S+?)\/(?:v\d+\.\d+|edge|latest-stable)\/\w+\/*$/u;

/** Alpine's branch of a release: `3.20`, `v3.20` and `3.20.3` are `v3.20`. */
function branchOf(release: string): string {
  if (release === "edge" || release === "latest-stable") return release;
  const match = /^v?(\d+\.\d+)(?:\.\d+)?$/u.exec(release);
  if (match?.[1] !== undefined) return `v${match[1]}`;
  throw new DistroError("REPOSITORY_INVALID", `no release of apk packages is called ${release}`, {
    kind: "usage",
    advice: "Ask for one of Alpine's (3.20, edge, latest-stable), for wolfi, or give --repository.",
  });
}

function alpine(
  branch: string,
  own: readonly string[],
  { environment }: Configuration,
): readonly RepositorySource[] {
  const mirror =
    environment["COOPER_ALPINE_MIRROR"] ??
    own.map((line) => ADDRESS_OF_ALPINE.exec(line)?.groups?.["mirror"]).find((found) => found !== undefined);
  if (mirror === undefined || mirror === "")
    throw unknown("Alpine", "COOPER_ALPINE_MIRROR", `${branch}/main`);
  return SECTIONS.map((section) => named(mirror, `${branch}/${section}`, `alpine/${branch}/${section}`));
}

function wolfi({ environment }: Configuration): RepositorySource {
  const mirror = environment["COOPER_WOLFI_MIRROR"];
  if (mirror === undefined || mirror === "") throw unknown("Wolfi", "COOPER_WOLFI_MIRROR", "x86_64");
  return named(mirror, "", "wolfi/os");
}

function named(mirror: string, below: string, path: string): RepositorySource {
  const source = parseSource(`${mirror.replace(/\/+$/u, "")}/${below}`.replace(/\/$/u, ""));
  return { ...source, path };
}

function hostRepositories({ hostRoot }: Configuration): readonly string[] {
  const file = join(hostRoot, "etc/apk/repositories");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/u, "").trim())
    .filter((line) => line !== "");
}

function unknown(what: string, variable: string, below: string): DistroError {
  return new DistroError("REPOSITORY_INVALID", `this machine has no address for ${what}'s packages`, {
    kind: "usage",
    advice: `Set ${variable} to the address of a mirror, under which ${below} lies, or give --repository and --keyring.`,
    fields: { variable },
  });
}

/**
 * Where the repository of a lock is reached on this machine: the one with the same path, else one
 * whose path ends as the lock's does, since mirrors keep the same tree in different places.
 * `REPOSITORY_INVALID`
 */
export function findSource(
  sources: readonly RepositorySource[],
  path: string,
  before: number,
): RepositorySource {
  const same = sources.filter((source) => source.path === path);
  const alike = same.length > 0 ? same : sources.filter((source) => isAlike(source.path, path));
  const found = alike[Math.min(before, alike.length - 1)];
  if (found !== undefined) return found;
  throw new DistroError("REPOSITORY_INVALID", `no repository here is the lock's ${path}`, {
    kind: "usage",
    advice: `Give the address that has it with --repository; there are ${sources.map((source) => source.path).join(", ")}.`,
    fields: { path },
  });
}

function isAlike(a: string, b: string): boolean {
  return a.endsWith(`/${b}`) || b.endsWith(`/${a}`);
}
