import { posix } from "node:path";
import { z } from "zod";
import { BuildError } from "../../../errors.ts";
import type { Source } from "../../project/source.ts";
import { normalName } from "./requirements.ts";

/** What pylock.toml locks (PEP 751), as pip of every version takes it. */
export interface Pylock {
  readonly names: readonly string[];
  /** Lines of requirements with hashes: versions of an index, and archives. */
  readonly hashed: readonly string[];
  /** Lines that can have no hash: commits of repositories. */
  readonly unhashed: readonly string[];
  /** Directories of the source that are installed from it; `.` for the project itself. */
  readonly directories: readonly string[];
  /** Files of the source that are archives of packages. */
  readonly archives: readonly string[];
}

export const PYLOCK = "pylock.toml";

const file = z.looseObject({ hashes: z.record(z.string(), z.string()).optional() });
const place = z.looseObject({ url: z.string().optional(), path: z.string().optional() });
const below = z.looseObject({ subdirectory: z.string().optional() });
const packageSchema = z.looseObject({
  name: z.string(),
  version: z.string().optional(),
  marker: z.string().optional(),
  wheels: z.array(file).optional(),
  sdist: file.optional(),
  archive: z.intersection(z.intersection(file, place), below).optional(),
  directory: z.looseObject({ path: z.string() }).optional(),
  vcs: z
    .intersection(place, below)
    .and(z.looseObject({ type: z.string(), "commit-id": z.string() }))
    .optional(),
});
type Package = z.infer<typeof packageSchema>;

const schema = z.looseObject({
  "default-groups": z.array(z.string()).optional(),
  packages: z.array(packageSchema),
});

/** Of the source's pylock.toml, with the extras and groups that are asked for. `SOURCE_INVALID` */
export function readPylock(source: Source, extras: readonly string[]): Pylock | undefined {
  const value = source.toml(PYLOCK);
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, parsed.error);
  }
  const { packages, "default-groups": groups = [] } = parsed.data;
  const chosen = { extras, groups: [...groups, ...extras] };
  const kinds = { hashed: new Array<string>(), unhashed: new Array<string>() };
  for (const each of packages.filter(({ directory }) => directory === undefined)) {
    const { target, hashes } = targetOf(each);
    const marker = each.marker === undefined ? "" : ` ; ${markerOf(each.marker, chosen)}`;
    kinds[each.vcs === undefined ? "hashed" : "unhashed"].push([`${target}${marker}`, ...hashes].join(" "));
  }
  return {
    ...kinds,
    names: packages.map(({ name }) => normalName(name)),
    directories: packages.flatMap(({ directory }) => (directory === undefined ? [] : clean(directory.path))),
    archives: packages.flatMap(({ archive }) => (archive?.path === undefined ? [] : clean(archive.path))),
  };
}

function targetOf({ name, version, vcs, archive, wheels = [], sdist }: Package): {
  readonly target: string;
  readonly hashes: readonly string[];
} {
  if (vcs !== undefined) {
    if (vcs.url === undefined) throw invalid(`${name}: a repository without an address`);
    return { target: `${name} @ ${vcs.type}+${vcs.url}@${vcs["commit-id"]}${fragment(vcs)}`, hashes: [] };
  }
  if (archive !== undefined) {
    const address = archive.url ?? `file:///app/${clean(archive.path ?? "")}`;
    return { target: `${name} @ ${address}${fragment(archive)}`, hashes: hashesOf(name, [archive]) };
  }
  if (version === undefined) throw invalid(`${name} has neither a version nor a place`);
  return {
    target: `${name}==${version}`,
    hashes: hashesOf(name, [...wheels, ...(sdist === undefined ? [] : [sdist])]),
  };
}

/** Of each file the strongest hash that pip takes. */
function hashesOf(name: string, files: readonly z.infer<typeof file>[]): readonly string[] {
  const found = files.flatMap(({ hashes = {} }) => {
    const algorithm = ["sha512", "sha384", "sha256"].find((each) => each in hashes);
    return algorithm === undefined ? [] : [`--hash=${algorithm}:${hashes[algorithm] ?? ""}`];
  });
  if (found.length === 0) throw invalid(`${name} has no file with a hash by SHA-2`);
  return found;
}

function fragment({ subdirectory }: z.infer<typeof below>): string {
  return subdirectory === undefined ? "" : `#subdirectory=${subdirectory}`;
}

/**
 * A lock's markers may ask which extras and groups are wanted, which those of requirements cannot: what they
 * would be told stands there instead, as a comparison that is always so or never.
 */
function markerOf(
  marker: string,
  chosen: { readonly extras: readonly string[]; readonly groups: readonly string[] },
): string {
  return marker.replaceAll(
    /["']([^"']*)["']\s+(not\s+)?in\s+(extras|dependency_groups)\b/g,
    (_whole, name: string, not: string | undefined, set: string) => {
      const isIn = (set === "extras" ? chosen.extras : chosen.groups).includes(name);
      return isIn === (not === undefined) ? 'python_version >= "0"' : 'python_version < "0"';
    },
  );
}

function clean(path: string): string {
  return posix.normalize(path).replace(/\/$/, "");
}

function invalid(what: string, cause?: unknown): BuildError {
  return new BuildError("SOURCE_INVALID", `${PYLOCK}: ${what}`, { cause, fields: { path: PYLOCK } });
}
