import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DistroError } from "../../errors.ts";
import { parseAddress } from "../../fetch/address.ts";
import { parseSourceLine } from "./parse-sources.ts";
import type { SourceEntry } from "./source.ts";

/** What `--repository` gives: a suite, or an index of this machine without a Release. */
export type GivenSource =
  | { readonly kind: "suite"; readonly entry: SourceEntry }
  | {
      readonly kind: "index";
      readonly path: string;
      /** Below which the packages' paths are. */
      readonly root: string;
    };

const FROM = "--repository";

/**
 * Reads `deb [OPTIONS] ADDRESS SUITE COMPONENT…` with or without `deb`, an address or path of an
 * archive alone, whose suite is then the release that is asked for, or the path of a `Packages`
 * file. `REPOSITORY_INVALID`
 */
export function parseGivenSource(text: string, release: string | undefined): GivenSource {
  const line = text.trim();
  const isLine = /\s/.test(line);
  if (isLine) {
    const entry = parseSourceLine(/^deb\s/.test(line) ? line : `deb ${line}`, FROM);
    if (entry === undefined) throw invalid(text, "is no source");
    return { kind: "suite", entry };
  }
  const address = parseAddress(line);
  if (address.kind === "web") {
    if (release === undefined) throw invalid(text, "names no suite, and no release is asked for");
    return suite(line, release, ["main"]);
  }
  const { path } = address;
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw invalid(path, "is not there");
  if (status.isFile()) return { kind: "index", path, root: rootAbove(path) };
  return directory(path, release);
}

function suite(uri: string, name: string, components: readonly string[]): GivenSource {
  return {
    kind: "suite",
    entry: {
      uri,
      suite: name,
      components,
      architectures: undefined,
      signedBy: undefined,
      trusted: undefined,
      byHash: undefined,
      checkValidUntil: undefined,
      checkDate: undefined,
      from: FROM,
    },
  };
}

function directory(path: string, release: string | undefined): GivenSource {
  const dists = join(path, "dists");
  if (!existsSync(dists)) {
    const hasRelease = ["InRelease", "Release"].some((name) => existsSync(join(path, name)));
    if (hasRelease) return suite(path, "./", []);
    const index = ["Packages", "Packages.gz", "Packages.xz", "Packages.zst"]
      .map((name) => join(path, name))
      .find((each) => existsSync(each));
    if (index !== undefined) return { kind: "index", path: index, root: path };
    throw invalid(path, "has neither dists nor a Release nor Packages in it");
  }
  const suites = readdirSync(dists, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const [first, ...others] = suites.map(({ name }) => name).toSorted();
  const name = release ?? (others.length === 0 ? first : undefined);
  if (name === undefined) throw invalid(path, "has several suites, or none: name one as the release");
  const components = componentsIn(join(dists, name));
  return suite(path, name, components.length === 0 ? ["main"] : components);
}

function componentsIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "by-hash")
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(path, name)).some((each) => each.startsWith("binary-")))
    .toSorted();
}

/** The archive's root above `dists`, where the file is below one; else its directory. */
function rootAbove(path: string): string {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    if (basename(at) === "dists") return dirname(at);
  }
  return dirname(path);
}

function invalid(text: string, why: string): DistroError {
  const shown = text.replace(/\/\/[^/@\s]*@/, "//");
  return new DistroError("REPOSITORY_INVALID", `${JSON.stringify(shown)} ${why}`, {
    kind: "usage",
    advice: "Write ADDRESS SUITE COMPONENT…, or the path of a repository or of a Packages file.",
  });
}
