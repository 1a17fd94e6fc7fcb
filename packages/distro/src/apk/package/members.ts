import type { Cancellable, PathString, TarInput, TarMember } from "@cooper/archive";
import { cleanPath } from "./data-member.ts";
import { dataLimits, dataMembers } from "./examine.ts";
import { named } from "./fault.ts";
import type { CheckedPackage } from "./fetch.ts";

/** What the members depend on besides the package's bytes: raised when other members come of them. */
export const MEMBERS_VERSION = 1;

/**
 * A package's files as members of a layer: owners, modes, times and attributes as they are; hard links
 * lead to the path that the other file has. Read from the cache, where it was examined.
 */
export async function* packageMembers(
  { path, parts, control, label }: CheckedPackage,
  options: Cancellable,
): AsyncGenerator<TarInput, void, undefined> {
  if (parts.dataOffset === parts.size) return;
  const seen = new Set<PathString>();
  try {
    for await (const member of dataMembers(
      path,
      parts.dataOffset,
      dataLimits(control.info, parts.size),
      options,
    )) {
      const at = cleanPath(member.path, label);
      if (at === "" || seen.has(at)) continue;
      if (member.type === "directory") seen.add(at);
      yield inputOf(member, at, label);
    }
  } catch (cause) {
    throw named(label, cause);
  }
}

function inputOf(member: TarMember, path: PathString, label: string): TarInput {
  const { type, mode, uid, gid, mtime, size, bytes, content, xattrs, deviceMajor, deviceMinor } = member;
  const linkPath = type === "hardlink" ? cleanPath(member.linkPath, label) : member.linkPath;
  return {
    path,
    type,
    mode,
    uid,
    gid,
    mtime,
    size,
    bytes,
    content,
    xattrs,
    deviceMajor,
    deviceMinor,
    linkPath,
  };
}
