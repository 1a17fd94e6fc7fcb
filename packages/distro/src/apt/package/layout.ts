import type { EntryType } from "@cooper/archive";
import { packageInvalid } from "./fault.ts";

/**
 * Directories that are symlinks in every Debian system since bookworm (merged /usr) and in base-files, and
 * what they lead to. Packages may still ship files under the left name; they are put under the right one,
 * so that a package's layer is right whatever lies below it.
 */
export const MOVED_DIRECTORIES: ReadonlyMap<string, string> = new Map([
  ["bin", "usr/bin"],
  ["lib", "usr/lib"],
  ["lib32", "usr/lib32"],
  ["lib64", "usr/lib64"],
  ["libo32", "usr/libo32"],
  ["libx32", "usr/libx32"],
  ["sbin", "usr/sbin"],
  ["var/lock", "run/lock"],
  ["var/run", "run"],
]);

/** Which of them a clean path is, or is in. */
export function movedDirectory(path: string): string | undefined {
  const [first = "", second = ""] = path.split("/", 2);
  if (MOVED_DIRECTORIES.has(first)) return first;
  return MOVED_DIRECTORIES.has(`${first}/${second}`) ? `${first}/${second}` : undefined;
}

/**
 * A path of a package without `./` and slashes at its ends; "" is the root. `..`, an absolute path
 * and what a layer would read as a whiteout are `PACKAGE_INVALID`.
 */
export function cleanPath(path: string, label: string): string {
  const plain = path.startsWith("./") ? path.slice(2) : path;
  if (!UNUSUAL.test(plain)) return plain;
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/"))
    throw packageInvalid(label, `has the absolute path ${JSON.stringify(path)}`, path);
  if (parts.includes("..")) {
    throw packageInvalid(label, `has the path ${JSON.stringify(path)}, which leaves the root`, path);
  }
  if (parts.some((part) => part.startsWith(".wh."))) {
    throw packageInvalid(
      label,
      `has the path ${JSON.stringify(path)}, which in a layer removes a file`,
      path,
    );
  }
  return parts.join("/");
}

/** What most paths do not have: a part that is empty or begins with a dot, the slash at the end of a directory. */
const UNUSUAL = /(?:^|\/)(?:[./]|$)/;

/** Where a clean path is in the image. */
export function placeOf(path: string): string {
  const directory = movedDirectory(path);
  if (directory === undefined) return path;
  return (MOVED_DIRECTORIES.get(directory) ?? directory) + path.slice(directory.length);
}

/**
 * Where a member is in the image. A package may have one of the links of a merged /usr itself, as
 * base-files does since trixie: that one stays where it is.
 */
export function placeOfMember(path: string, type: EntryType, target: string): string {
  const moved = MOVED_DIRECTORIES.get(path);
  return type === "symlink" && moved !== undefined && target.replace(/^\//, "") === moved
    ? path
    : placeOf(path);
}

/**
 * The target of a symlink that was moved from `from` to `to`, both clean: a relative one that went up
 * and out of the directory that moved is written anew, so that it leads where it led.
 */
export function targetOf(target: string, from: string, to: string): string {
  if (from === to || target.startsWith("/")) return target;
  const before = placeOf(resolveFrom(from, target));
  return placeOf(resolveFrom(to, target)) === before ? target : relativeTo(to, before);
}

/** Whether a symlink at this place leads to itself: what `/usr/bin/x` → `/bin/x` became. */
export function isSelfLink(target: string, place: string): boolean {
  return placeOf(resolveFrom(place, target)) === place;
}

/** The clean path that a target means, seen from the symlink's own path. */
function resolveFrom(path: string, target: string): string {
  const parts = target.startsWith("/") ? [] : path.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function relativeTo(path: string, target: string): string {
  const from = path.split("/").slice(0, -1);
  const to = target.split("/");
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++;
  return [...from.slice(shared).map(() => ".."), ...to.slice(shared)].join("/");
}
