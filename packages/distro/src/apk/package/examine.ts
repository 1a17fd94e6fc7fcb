import { createHash } from "node:crypto";
import {
  type Cancellable,
  decompress,
  encodePath,
  type Limits,
  type PathString,
  readFileStream,
  readTar,
  tally,
  type TarMember,
} from "@cooper/archive";
import { isLibraryName, readSharedLibrary, type SharedLibrary } from "../../rootfs/elf.ts";
import { cleanPath, recordedChecksum } from "./data-member.ts";
import { changed, invalid, named, type PackageLabel } from "./fault.ts";
import type { PackageInfo } from "./package-info.ts";
import type { PackageFile } from "./package-file.ts";
import type { PackageParts } from "./parts.ts";

/**
 * Reads a package's data from its file, checks it against what the control part says and gives what is
 * in it. Nothing is decompressed before its digest is known to be right.
 *
 * `DIGEST_MISMATCH`: other data than the control part names, or another content than the data names.
 * `PACKAGE_INVALID`: damaged, more than it says, or with paths that no package may have.
 */
export async function examineData(
  path: string,
  parts: PackageParts,
  info: PackageInfo,
  label: PackageLabel,
  options: Cancellable,
): Promise<readonly PackageFile[]> {
  const { dataOffset: offset, size } = parts;
  if (info.dataHash === "") {
    if (offset === size) return [];
    throw invalid(label, "its control part names no digest of its data");
  }
  const raw = tally(readFileStream(path, { ...options, offset }));
  for await (const _ of raw.stream) continue;
  if (raw.hex() !== info.dataHash) {
    throw changed(label, `its data has sha256:${raw.hex()} and not sha256:${info.dataHash}`);
  }
  try {
    return await readFiles(path, offset, dataLimits(info, size), label, options);
  } catch (cause) {
    throw named(label, cause);
  }
}

/**
 * The data's members as they stand in the file. `limits` are those of `dataLimits`; whoever reads a
 * file that was examined before may rely on what was found then.
 */
export async function* dataMembers(
  path: string,
  offset: number,
  limits: Partial<Limits>,
  options: Cancellable,
): AsyncGenerator<TarMember, void, undefined> {
  const tar = decompress(readFileStream(path, { ...options, offset }), { limits, ...options });
  yield* readTar(tar, { limits, ...options });
}

/** Its headers and padding aside, a package gives no more than it says; and what says that it has gigabytes has more than zeros. */
export function dataLimits({ size: installed }: Pick<PackageInfo, "size">, size: number): Partial<Limits> {
  const maxBytes = Math.min(2 * (installed + size) + 64 * 2 ** 20, 16 * 2 ** 30);
  return { maxBytes, maxRatio: 500, ratioFloor: 64 * 2 ** 20, maxEntries: 1_000_000 };
}

async function readFiles(
  path: string,
  offset: number,
  limits: Partial<Limits>,
  label: PackageLabel,
  options: Cancellable,
): Promise<readonly PackageFile[]> {
  const found = new Map<PathString, PackageFile>();
  for await (const member of dataMembers(path, offset, limits, options)) {
    const at = cleanPath(member.path, label);
    if (at === "") continue;
    const before = found.get(at);
    if (before !== undefined) {
      if (before.type === "directory" && member.type === "directory") continue;
      throw invalid(label, `it has ${at} twice`);
    }
    checkParents(at, found, label);
    found.set(at, await examineMember(at, member, found, label));
  }
  return [...found.values()];
}

/** Nothing may lie beneath a link: it would be written to wherever the link leads. */
function checkParents(
  at: PathString,
  found: ReadonlyMap<PathString, PackageFile>,
  label: PackageLabel,
): void {
  for (let slash = at.lastIndexOf("/"); slash > 0; slash = at.lastIndexOf("/", slash - 1)) {
    const parent = found.get(at.slice(0, slash));
    if (parent === undefined) continue;
    if (parent.type === "directory") return;
    throw invalid(label, `${at} lies beneath ${parent.path}, which is a ${parent.type}`);
  }
}

async function examineMember(
  at: PathString,
  member: TarMember,
  found: ReadonlyMap<PathString, PackageFile>,
  label: PackageLabel,
): Promise<PackageFile> {
  const { type, mode, uid, gid, size } = member;
  const names = namesOf(member);
  const facts = { path: at, type, mode, uid, gid, size, mtime: member.mtime.seconds, ...names };
  const xattrs = member.xattrs.size === 0 ? {} : { xattrs: hashXattrs(member.xattrs) };
  if (type === "symlink") {
    const sha1 = createHash("sha1").update(encodePath(member.linkPath)).digest();
    checkRecorded(member, at, sha1, label);
    return { ...facts, ...xattrs, linkPath: member.linkPath, sha1: sha1.toString("base64") };
  }
  if (type === "hardlink") return { ...facts, ...xattrs, ...hardLink(at, member, found, label) };
  if (type !== "file") return { ...facts, ...xattrs };
  const hash = createHash("sha1");
  const isLibrary = isLibraryName(at) && size <= MAX_LIBRARY;
  const chunks: Uint8Array[] = [];
  for await (const chunk of member.content()) {
    hash.update(chunk);
    if (isLibrary) chunks.push(chunk);
  }
  const sha1 = hash.digest();
  checkRecorded(member, at, sha1, label);
  const library = isLibrary ? await libraryOf(Buffer.concat(chunks)) : undefined;
  return {
    ...facts,
    ...xattrs,
    sha1: sha1.toString("base64"),
    ...(library === undefined ? {} : { library }),
  };
}

/** A library of more bytes than this is found by its file's name alone. */
const MAX_LIBRARY = 64 * 2 ** 20;

async function libraryOf(bytes: Buffer): Promise<SharedLibrary | undefined> {
  return await readSharedLibrary((offset, length) =>
    Promise.resolve(bytes.subarray(offset, offset + length)),
  );
}

/** Names count for more than numbers, unless they are those of everyday. */
function namesOf({ userName, groupName }: TarMember): Pick<PackageFile, "user" | "group"> {
  return {
    ...(userName === "" || userName === "root" ? {} : { user: userName }),
    ...(groupName === "" || groupName === "root" ? {} : { group: groupName }),
  };
}

function hardLink(
  at: PathString,
  member: TarMember,
  found: ReadonlyMap<PathString, PackageFile>,
  label: PackageLabel,
): Pick<PackageFile, "linkPath" | "sha1" | "mode" | "uid" | "gid"> {
  const target = found.get(cleanPath(member.linkPath, label));
  if (target?.type !== "file") {
    throw invalid(label, `${at} is a hard link to ${member.linkPath}, which is no file before it`);
  }
  const { path, sha1, mode, uid, gid } = target;
  return { linkPath: path, sha1, mode, uid, gid };
}

function checkRecorded(member: TarMember, at: PathString, sha1: Buffer, label: PackageLabel): void {
  const recorded = recordedChecksum(member);
  if (recorded === undefined || recorded === sha1.toString("hex")) return;
  throw changed(label, `${at} has sha1:${sha1.toString("hex")}, and the package says sha1:${recorded}`);
}

/** Names and values in the order of the names, each with its length before it. */
function hashXattrs(xattrs: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha1");
  for (const [name, value] of [...xattrs].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const bytes of [Buffer.from(name), value]) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.byteLength);
      hash.update(length).update(bytes);
    }
  }
  return hash.digest("base64");
}
