import type { TarInput, TarMember } from "@cooper/archive";
import type { MemberOptions } from "../../ecosystem/ecosystem.ts";
import { type DebFile, readData } from "./deb.ts";
import { packageInvalid } from "./fault.ts";
import { cleanPath, isSelfLink, placeOf, placeOfMember, targetOf } from "./layout.ts";

/** What `layoutMembers` makes of a member is fixed for each version: layers are kept by it. */
export const APT_CONTENT_VERSION = 1;

/**
 * A package's members as its layer has them: /usr merged, without the root, every path below the root
 * and no path twice. `listed` is told each path as the package has it, as dpkg lists them.
 * `PACKAGE_INVALID`, which names the path
 */
export async function* layoutMembers(
  file: DebFile,
  listed: (path: string) => void,
  options: MemberOptions = {},
): AsyncGenerator<TarInput, void, undefined> {
  const seen = new Map<string, TarMember["type"]>();
  for await (const member of readData(file, options)) {
    const path = cleanPath(member.path, file.label);
    listed(path);
    if (path === "") continue;
    const entry = place(member, path, file.label);
    if (entry.type === "symlink" && isSelfLink(entry.linkPath ?? "", entry.path)) continue;
    const before = seen.get(entry.path);
    if (before !== undefined) {
      if (before === "directory" && entry.type === "directory") continue;
      throw packageInvalid(file.label, `has ${JSON.stringify(path)} twice`, path);
    }
    checkParents(entry.path, seen, file.label);
    if (entry.type === "hardlink" && seen.get(entry.linkPath ?? "") !== "file") {
      const to = JSON.stringify(member.linkPath);
      throw packageInvalid(
        file.label,
        `has the hard link ${JSON.stringify(path)} to ${to}, no file before it`,
        path,
      );
    }
    seen.set(entry.path, entry.type === "hardlink" ? "file" : entry.type);
    yield entry;
  }
}

function place(member: TarMember, path: string, label: string): TarInput {
  const { type, mode, uid, gid, mtime, xattrs } = member;
  const shared = { path: placeOfMember(path, type, member.linkPath), type, mode, uid, gid, mtime, xattrs };
  if (type === "file") {
    return { ...shared, size: member.size, bytes: member.bytes, content: member.content };
  }
  if (type === "directory") return shared;
  if (type === "symlink") return { ...shared, linkPath: targetOf(member.linkPath, path, shared.path) };
  if (type === "hardlink") return { ...shared, linkPath: placeOf(cleanPath(member.linkPath, label)) };
  throw packageInvalid(label, `has the device ${JSON.stringify(path)}`, path);
}

/** What lies under one of the package's own files or links would be unpacked somewhere else. */
function checkParents(path: string, seen: ReadonlyMap<string, string>, label: string): void {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    const parent = path.slice(0, at);
    const type = seen.get(parent);
    if (type === "directory") return;
    if (type !== undefined) {
      throw packageInvalid(
        label,
        `has ${JSON.stringify(path)} under ${JSON.stringify(parent)}, no directory`,
        path,
      );
    }
  }
}
