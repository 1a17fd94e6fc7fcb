import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileFault } from "@cooper/archive";
import { errnoOf } from "@cooper/sys";
import type { Pin } from "../solver/policy.ts";
import { type AptConfiguration, parseAptConfiguration } from "./configuration.ts";
import { type Credentials, parseCredentials } from "./credentials.ts";
import { parseDeb822Sources, parseSourcesList } from "./parse-sources.ts";
import { parsePreferences } from "./preferences.ts";
import type { SourceEntry } from "./source.ts";

/** How a host gets its Debian packages; all of it empty where it is no Debian. */
export interface Host {
  readonly root: string;
  /** `debian`, `ubuntu`. os-release(5) */
  readonly distribution: string;
  /** `bookworm`; empty where os-release does not say. */
  readonly codename: string;
  readonly sources: readonly SourceEntry[];
  readonly pins: readonly Pin[];
  readonly configuration: AptConfiguration;
  readonly credentials: readonly Credentials[];
}

/** Reads the host's files below `root`; what is not there says nothing. `REPOSITORY_INVALID`, `FILE_UNREADABLE` */
export function readHost(root: string): Host {
  const etc = join(root, "etc/apt");
  const release = parseOsRelease(
    read(join(root, "etc/os-release")) ?? read(join(root, "usr/lib/os-release")),
  );
  return {
    root,
    distribution: release.get("ID") ?? "",
    codename: release.get("VERSION_CODENAME") ?? "",
    sources: [
      ...each([join(etc, "sources.list")], parseSourcesList),
      ...filesIn(join(etc, "sources.list.d")).flatMap((path) => {
        if (path.endsWith(".list")) return each([path], parseSourcesList);
        return path.endsWith(".sources") ? each([path], parseDeb822Sources) : [];
      }),
    ],
    pins: each(
      [
        ...filesIn(join(etc, "preferences.d")).filter((path) => /(^|\/)[^/.]+$|\.pref$/.test(path)),
        join(etc, "preferences"),
      ],
      parsePreferences,
    ),
    configuration: parseAptConfiguration(
      [
        ...filesIn(join(etc, "apt.conf.d")).filter((path) => /(^|\/)[^/.]+$|\.conf$/.test(path)),
        join(etc, "apt.conf"),
      ].flatMap((path) => read(path) ?? []),
    ),
    credentials: [
      join(etc, "auth.conf"),
      ...filesIn(join(etc, "auth.conf.d")).filter((path) => /(^|\/)[^/.]+$|\.conf$/.test(path)),
    ].flatMap((path) => parseCredentials(readSecret(path))),
  };
}

function each<T>(
  paths: readonly string[],
  parse: (text: string, from: string) => readonly T[],
): readonly T[] {
  return paths.flatMap((path) => {
    const text = read(path);
    return text === undefined ? [] : parse(text, path);
  });
}

/** `NAME=value`, `NAME="value"`. os-release(5) */
function parseOsRelease(text = ""): ReadonlyMap<string, string> {
  const pairs = text.split("\n").flatMap((line): readonly (readonly [string, string])[] => {
    const [, key, value] = /^([A-Z0-9_]+)=["']?(.*?)["']?\s*$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value]];
  });
  return new Map(pairs);
}

/** Passwords may be root's alone: for others there are none, and the archive says whether it wants one. */
function readSecret(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) return "";
    throw fileFault("read", path, error);
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
    throw fileFault("read", path, error);
  }
}

/** Paths of a directory's files, in the order of their names. */
export function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => join(directory, name))
      .toSorted();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
    throw fileFault("read", directory, error);
  }
}
