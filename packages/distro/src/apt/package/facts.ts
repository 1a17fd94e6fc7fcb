import { createHash, hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import {
  type Cancellable,
  collect,
  type EntryType,
  readFileStream,
  readTar,
  type TarMember,
  writeStream,
  writeTar,
} from "@cooper/archive";
import type { Cache } from "../../cache/cache.ts";
import { latin1OfPath, pathOfLatin1 } from "../../rootfs/node.ts";
import { isLibraryName, type ReadAt, readSharedLibrary, type SharedLibrary } from "../../rootfs/elf.ts";
import { APT_CONTENT_VERSION, layoutMembers } from "./content.ts";
import { type ControlMembers, type DebFile, readControl } from "./deb.ts";
import { placeOf } from "./layout.ts";

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
const FACTS_VERSION = 3;
/** Larger files are not configuration that something else is made from. */
const MAX_TEXT_BYTES = 256 * 2 ** 10;

/** Files that maintainer scripts copy or read, and that databases are made from. */
const TEXTS =
  /^(etc\/|usr\/lib\/(sysusers|tmpfiles)\.d\/|usr\/share\/(apache2|base-files|base-passwd|ca-certificates|debianutils|libc-bin|mysql-common|openssh|pam|pam-configs|php[^/]*|postgresql-common)\/|usr\/lib\/php\/)/;

/** What is known of a package, learned from its file the first time. `PACKAGE_INVALID` */
export async function packageFacts(
  file: DebFile,
  key: string,
  cache: Cache,
  options: Cancellable = {},
): Promise<PackageFacts> {
  const recordKey = `${FACTS_VERSION}.${APT_CONTENT_VERSION}:${key}`;
  const known = await cache.record("apt-package", recordKey);
  if (isFacts(known)) return known;
  const facts = await learn(file, key, cache, options);
  await cache.storeRecord("apt-package", recordKey, facts);
  return facts;
}

/** The record's key names the version of the code that wrote it, and it is whole: no more is asked. */
function isFacts(value: unknown): value is PackageFacts {
  return typeof value === "object" && value !== null && "control" in value && "files" in value;
}

async function learn(file: DebFile, key: string, cache: Cache, options: Cancellable): Promise<PackageFacts> {
  const control = new Map(await readControl(file, options));
  const content = await packageContent(file, key, cache, options);
  const listed = content.listed ?? (await listMembers(file, options));
  const conffiles = new Set(conffilesOf(control).map((path) => placeOf(path)));
  const hasSums = control.has("md5sums");
  const handle = await open(content.path);
  try {
    const files: FileFact[] = [];
    for await (const member of readTar(readFileStream(content.path, options), options)) {
      const wantsSum = member.type === "file" && (!hasSums || conffiles.has(member.path));
      files.push({ ...plainFacts(member), ...(await contentFacts(member, handle, wantsSum)) });
    }
    if (!hasSums) control.set("md5sums", formatSums(files, conffiles));
    const newest = files.reduce((most, { mtime }) => Math.max(most, mtime), 0);
    return { control: Object.fromEntries(control), listed, files, newest };
  } finally {
    await handle.close();
  }
}

/** Absolute paths, one a line; a flag may stand before one (deb-conffiles(5)). Those to be removed are left out. */
export function conffilesOf(control: ControlMembers): readonly string[] {
  return (control.get("conffiles") ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("/"))
    .map((line) => pathOfLatin1(line.slice(1)));
}

async function listMembers(file: DebFile, options: Cancellable): Promise<readonly string[]> {
  const listed: string[] = [];
  for await (const member of layoutMembers(file, (path) => listed.push(path), options)) void member;
  return listed;
}

function plainFacts(member: TarMember): FileFact {
  const { path, type, mode, uid, gid, size, mtime, linkPath, contentOffset: offset } = member;
  return { path, type, mode, uid, gid, size, mtime: mtime.seconds, linkPath, offset };
}

async function contentFacts(
  member: TarMember,
  handle: FileHandle,
  wantsSum: boolean,
): Promise<Pick<FileFact, "md5" | "text" | "library">> {
  if (member.type !== "file") return {};
  const { path, size } = member;
  let md5: string | undefined;
  let text: string | undefined;
  if (TEXTS.test(path) && size <= MAX_TEXT_BYTES) {
    const bytes = await collect(member.content(), { limit: MAX_TEXT_BYTES });
    text = bytes.toString("latin1");
    if (wantsSum) md5 = hash("md5", bytes, "hex");
  } else if (wantsSum) {
    const sum = createHash("md5");
    for await (const chunk of member.content()) sum.update(chunk);
    md5 = sum.digest("hex");
  }
  const library = isLibraryName(path) ? await readSharedLibrary(readerOf(handle, member)) : undefined;
  return {
    ...(md5 === undefined ? {} : { md5 }),
    ...(text === undefined ? {} : { text }),
    ...(library === undefined ? {} : { library }),
  };
}

/** The content of one member, by position: it lies in the file as it is. */
function readerOf(handle: FileHandle, { contentOffset, size }: TarMember): ReadAt {
  return async (offset, length) => {
    const wanted = Math.max(Math.min(length, size - offset), 0);
    const buffer = Buffer.alloc(wanted);
    const { bytesRead } = await handle.read(buffer, 0, wanted, contentOffset + offset);
    return buffer.subarray(0, bytesRead);
  };
}

/** As dpkg makes them for a package that has none: all files but the conffiles. */
function formatSums(files: readonly FileFact[], conffiles: ReadonlySet<string>): string {
  return files
    .filter(({ md5, path }) => md5 !== undefined && !conffiles.has(path))
    .map(({ md5 = "", path }) => `${md5}  ${latin1OfPath(path)}\n`)
    .join("");
}

interface Content {
  readonly path: string;
  /** Undefined where it was in the cache before. */
  readonly listed: readonly string[] | undefined;
}

/**
 * The package's members as a tar that is not compressed, by its path in the cache: unpacking xz is most
 * of the work, and both what is learned and the layer come from it. `PACKAGE_INVALID`
 */
export async function packageContent(
  file: DebFile,
  key: string,
  cache: Cache,
  options: Cancellable = {},
): Promise<Content> {
  let listed: string[] | undefined;
  const path = await cache.derived(
    "apt-content",
    `${APT_CONTENT_VERSION}:${key}`,
    async (aside, making) => {
      const paths: string[] = [];
      const handle = await open(aside, "w");
      try {
        await writeStream(
          handle,
          writeTar(
            layoutMembers(file, (listing) => paths.push(listing), making),
            making,
          ),
          making,
        );
      } finally {
        await handle.close();
      }
      listed = paths;
    },
    options,
  );
  return { path, listed };
}
