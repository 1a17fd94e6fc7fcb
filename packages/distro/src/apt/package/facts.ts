import { type Cancellable, type EntryType, type TarInput, writeTar } from "@cooper/archive";
import type { Cache } from "../../cache/cache.ts";
import type { MemberOptions } from "../../ecosystem/ecosystem.ts";
import type { SharedLibrary } from "../../rootfs/elf.ts";
import { latin1OfPath, pathOfLatin1 } from "../../rootfs/node.ts";
import { APT_CONTENT_VERSION, layoutMembers } from "./content.ts";
import { type ControlMembers, type DebFile, readControl } from "./deb.ts";
import { placeOf } from "./layout.ts";
import { Learning } from "./learning.ts";
import { packageContent } from "./package-content.ts";

/** What is known of a package once it was read: JSON, kept in the cache. */
export interface PackageFacts {
  /** All that `control.tar` has, by name, as Latin-1. */
  readonly control: Readonly<Record<string, string>>;
  /** Every path as the package has it, in its order: `./bin/sh` is `bin/sh`, the root is "". */
  readonly listed: readonly string[];
  /** The members of its layer, in order. */
  readonly files: readonly FileFact[];
  /** Seconds since 1970: the newest of its members. */
  readonly newest: number;
}

/** A member of a package's layer, and what else is needed of it without reading the package again. */
export interface FileFact {
  readonly path: string;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly linkPath: string;
  /** Where its content is in the package's content, bytes. */
  readonly offset: number;
  /** In hexadecimal; where dpkg's database has it. */
  readonly md5?: string | undefined;
  /** The content of a small file that others are made from, as Latin-1. */
  readonly text?: string | undefined;
  readonly library?: SharedLibrary | undefined;
}

/** A change of what is learned raises it. */
const FACTS_VERSION = 4;

/** What is known of a package, learned from its file the first time. `PACKAGE_INVALID` */
export async function packageFacts(
  file: DebFile,
  key: string,
  cache: Cache,
  options: Cancellable = {},
): Promise<PackageFacts> {
  const known = await factsOf(key, cache);
  if (known !== undefined) return known;
  const reading = readWithFacts(file, key, cache, { ...options, memory: "reused" });
  let facts: PackageFacts | undefined;
  async function* members(): AsyncGenerator<TarInput, void, undefined> {
    facts = yield* reading;
  }
  for await (const chunk of writeTar(members(), options)) void chunk;
  if (facts === undefined) throw new Error("a package was read to its end, and nothing is known of it");
  return facts;
}

/** What was learned of a package before. */
export async function factsOf(key: string, cache: Cache): Promise<PackageFacts | undefined> {
  const known = await cache.record("apt-package", recordKeyOf(key));
  return isFacts(known) ? known : undefined;
}

/** The members of a package's layer; when they have been read to the end, what was learned on the way, which is kept. */
export async function* readWithFacts(
  file: DebFile,
  key: string,
  cache: Cache,
  options: MemberOptions,
): AsyncGenerator<TarInput, PackageFacts, undefined> {
  const known = await factsOf(key, cache);
  if (known !== undefined) {
    yield* layoutMembers(file, () => {}, options);
    return known;
  }
  const control = new Map(await readControl(file, options));
  const conffiles = new Set(conffilesOf(control).map((path) => placeOf(path)));
  const hasSums = control.has("md5sums");
  const listed: string[] = [];
  const learning = new Learning({
    wantsSum: (path) => !hasSums || conffiles.has(path),
    content: async () => await packageContent(file, key, cache, { signal: options.signal }),
  });
  yield* learning.along(layoutMembers(file, (name) => void listed.push(name), options));
  const files = await learning.facts();
  if (!hasSums) control.set("md5sums", formatSums(files, conffiles));
  const newest = files.reduce((most, { mtime }) => Math.max(most, mtime), 0);
  const facts = { control: Object.fromEntries(control), listed, files, newest };
  await cache.storeRecord("apt-package", recordKeyOf(key), facts);
  return facts;
}

function recordKeyOf(key: string): string {
  return `${FACTS_VERSION}.${APT_CONTENT_VERSION}:${key}`;
}

/** The record's key names the version of the code that wrote it, and it is whole: no more is asked. */
function isFacts(value: unknown): value is PackageFacts {
  return typeof value === "object" && value !== null && "control" in value && "files" in value;
}

/** Absolute paths, one a line; a flag may stand before one (deb-conffiles(5)). Those to be removed are left out. */
export function conffilesOf(control: ControlMembers): readonly string[] {
  return (control.get("conffiles") ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("/"))
    .map((line) => pathOfLatin1(line.slice(1)));
}

/** As dpkg makes them for a package that has none: all files but the conffiles. */
function formatSums(files: readonly FileFact[], conffiles: ReadonlySet<string>): string {
  return files
    .filter(({ md5, path }) => md5 !== undefined && !conffiles.has(path))
    .map(({ md5 = "", path }) => `${md5}  ${latin1OfPath(path)}\n`)
    .join("");
}
