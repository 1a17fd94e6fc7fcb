import { closeSync, constants, lstatSync, openSync, readSync, readlinkSync } from "node:fs";
import { join, posix } from "node:path";
import { listXattrs } from "@cooper/sys";

const LINKS_FOLLOWED = 40;

/**
 * Finds `path` in a stack of unpacked layers (overlay form, the topmost first) as a mounted overlay
 * would show it: whiteouts hide, opaque directories end the search, links stay inside. Gives the
 * path on the host, or undefined. Final symlinks are followed.
 */
export function findInLayers(directories: readonly string[], path: string): string | undefined {
  let wanted = posix.join("/", path);
  for (let followed = 0; followed <= LINKS_FOLLOWED; followed++) {
    const step = walk(directories, wanted);
    if (step.kind === "found") return step.path;
    if (step.kind === "missing") return undefined;
    wanted = step.target;
  }
  return undefined;
}

/** The text of a small file of the image, or "" where there is none. At most `limit` bytes are read. */
export function readFromLayers(
  directories: readonly string[],
  path: string,
  limit: number = 2 ** 20,
): string {
  const found = findInLayers(directories, path);
  if (found === undefined || !lstatSync(found).isFile()) return "";
  const descriptor = openSync(found, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.alloc(Math.min(limit, lstatSync(found).size));
    return buffer.subarray(0, readSync(descriptor, buffer)).toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}

type Step =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "missing" }
  | { readonly kind: "link"; readonly target: string };

/** Goes down one component at a time, keeping the layers in which the directory so far is visible. */
function walk(directories: readonly string[], wanted: string): Step {
  const components = wanted.split("/").filter((component) => component !== "");
  let visible = [...directories];
  let reached = "/";
  for (const [index, component] of components.entries()) {
    const next: string[] = [];
    for (const directory of visible) {
      const path = join(directory, component);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (stat.isCharacterDevice() && stat.rdev === 0) break;
      if (stat.isSymbolicLink()) {
        if (next.length > 0) break;
        const rest = components.slice(index + 1).join("/");
        return { kind: "link", target: posix.join(posix.resolve(reached, readlinkSync(path)), rest) };
      }
      if (!stat.isDirectory()) {
        if (next.length > 0) break;
        return index === components.length - 1 ? { kind: "found", path } : { kind: "missing" };
      }
      next.push(path);
      if (isOpaque(path)) break;
    }
    if (next.length === 0) return { kind: "missing" };
    visible = next;
    reached = posix.join(reached, component);
  }
  const [topmost] = visible;
  return topmost === undefined ? { kind: "missing" } : { kind: "found", path: topmost };
}

function isOpaque(directory: string): boolean {
  const xattrs = listXattrs(directory);
  return ["trusted.overlay.opaque", "user.overlay.opaque"].some(
    (name) => xattrs.get(name)?.toString() === "y",
  );
}
