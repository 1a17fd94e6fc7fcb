import type { Path } from "@cooper/sys";
import type { PathString } from "../tar/entry.ts";
import { decodePath, encodePath } from "../tar/path.ts";

/** A name in a directory, as Linux takes it and as paths have it. */
export interface ListedName {
  readonly system: Path;
  readonly path: PathString;
}

/** From one character per byte, as `listDirectory` gives names. */
export function listedName(bytes: string): ListedName {
  if (isAscii(bytes)) return { system: bytes, path: bytes };
  const system = Buffer.from(bytes, "latin1");
  return { system, path: decodePath(system) };
}

/** A path as the calls to Linux take it: text where it is Unicode, else its bytes. */
export function systemPath(path: PathString): Path {
  return path.isWellFormed() ? path : encodePath(path);
}

/** A name in an open directory as one path, for the calls that take no descriptor of a directory. */
export function pathThroughDescriptor(directory: number, name: PathString): Path {
  return systemPath(`/proc/self/fd/${directory}/${name}`);
}

/**
 * A path cleaned as if the root were `/`: without empty and `.` components, and each `..` taking back
 * the component before it, if there is one. Empty for the root itself.
 */
export function cleanPath(path: PathString): PathString {
  if (!UNCLEAN.test(path)) return path;
  const kept: string[] = [];
  for (const component of path.split("/")) {
    if (component === "..") kept.pop();
    else if (component !== "" && component !== ".") kept.push(component);
  }
  return kept.join("/");
}

/** The path of the directory that holds it; of a member of the root, the empty path. */
export function parentOf(path: PathString): PathString {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** The last component. */
export function baseOf(path: PathString): PathString {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function joinPath(directory: PathString, name: PathString): PathString {
  return directory === "" ? name : `${directory}/${name}`;
}

const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/;

function isAscii(bytes: string): boolean {
  for (let index = 0; index < bytes.length; index++) if (bytes.charCodeAt(index) > 127) return false;
  return true;
}
