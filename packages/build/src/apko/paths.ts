import type { ApkRoot } from "@cooper/distro";
import { BuildError } from "../errors.ts";
import type { ApkoPath } from "./schema.ts";

/** Does what `paths` says, in its order, each upon what the ones before left. */
export function applyPaths({ tree }: ApkRoot, paths: readonly ApkoPath[]): void {
  for (const change of paths) {
    const path = cleaned(change.path);
    const { uid = 0, gid = 0, permissions } = change;
    switch (change.type) {
      case "directory": {
        const before = tree.find(path);
        if (before !== undefined && before.type !== "directory")
          throw refused(path, `is a ${before.type} already`);
        tree.makeDirectory(path, { mode: permissions ?? before?.mode ?? 0o755, uid, gid });
        if (change.recursive === true) setBeneath(tree, path, change);
        break;
      }
      case "empty-file":
        tree.write({ path, bytes: new Uint8Array(0), mode: permissions ?? 0o644, uid, gid });
        break;
      case "symlink":
        tree.write({ path, target: sourceOf(change), uid, gid });
        break;
      case "hardlink": {
        const source = cleaned(sourceOf(change));
        if (tree.find(source)?.type !== "file") throw refused(path, `links to ${source}, which is no file`);
        tree.hardLink(path, source);
        if (permissions !== undefined) tree.setAccess(source, { mode: permissions, uid, gid });
        break;
      }
      case "permissions":
        if (!tree.setAccess(path, accessOf(change)))
          throw refused(path, "is not there, so it has no permissions");
        if (change.recursive === true) setBeneath(tree, path, change);
        break;
      default:
        throw refused(path, "has a type that is not known");
    }
  }
}

function accessOf({ uid, gid, permissions }: ApkoPath): { mode?: number; uid?: number; gid?: number } {
  return {
    ...(permissions === undefined ? {} : { mode: permissions }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}

function setBeneath(tree: ApkRoot["tree"], path: string, change: ApkoPath): void {
  for (const beneath of tree.beneath(path)) {
    if (tree.find(beneath)?.type !== "symlink") tree.setAccess(beneath, accessOf(change));
  }
}

function sourceOf({ path, source = "" }: ApkoPath): string {
  if (source === "") throw refused(path, "is a link, and source does not say where to");
  return source;
}

/** The path below the root; none leads out of it. */
function cleaned(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  // oxlint-disable-next-line no-control-regex -- no path has such a byte
  if (parts.length === 0 || parts.includes("..") || /\0/u.test(path)) {
    throw refused(path, "is no path below the root");
  }
  return parts.join("/");
}

function refused(path: string, what: string): BuildError {
  return new BuildError("CONFIGURATION_INVALID", `paths: ${JSON.stringify(path)} ${what}`, {
    kind: "usage",
    fields: { path },
  });
}
