import { type FileStatus, listXattrs } from "@cooper/sys";
import { constants } from "node:fs";
import type { PathString } from "../tar/entry.ts";
import { whiteoutInvalid } from "./fault.ts";

/** What a path of a layer means: image-spec, layer.md, "Whiteouts". */
export type Marker =
  /** Hides `name`, in the directory that the path is in, of the layers below. */
  | { readonly kind: "whiteout"; readonly name: PathString }
  /** Hides all that the layers below have in the directory that the path is in. */
  | { readonly kind: "opaque" }
  /** Notes that aufs keeps for itself. */
  | { readonly kind: "ignored" };

const PREFIX = ".wh.";
const RESERVED = ".wh..wh.";
const OPAQUE = ".wh..wh..opq";

/** Undefined for a path that is just a path. `WHITEOUT_INVALID` where no name is left to hide. */
export function markerOf(path: PathString): Marker | undefined {
  if (!path.includes(PREFIX)) return undefined;
  const components = path.split("/");
  const last = components.pop() ?? "";
  const marked = components.find((component) => component.startsWith(PREFIX));
  if (marked !== undefined) {
    if (marked.startsWith(RESERVED)) return { kind: "ignored" };
    // Packed again, it would hide what it never hid.
    throw whiteoutInvalid(path, `the whiteout ${JSON.stringify(marked)} is used as a directory`);
  }
  if (!last.startsWith(PREFIX)) return undefined;
  if (last === OPAQUE) return { kind: "opaque" };
  if (last.startsWith(RESERVED)) return { kind: "ignored" };
  const name = last.slice(PREFIX.length);
  if (name === "" || name === "." || name === "..") {
    throw whiteoutInvalid(path, `the whiteout hides ${name === "" ? "no name" : JSON.stringify(name)}`);
  }
  return { kind: "whiteout", name };
}

/** Whether it is how overlayfs keeps a whiteout: Documentation/filesystems/overlayfs.rst. */
export function isOverlayWhiteout({ mode, deviceMajor, deviceMinor }: FileStatus): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFCHR && deviceMajor === 0 && deviceMinor === 0;
}

/** Whether overlayfs shows nothing of the layers below in this directory. */
export function isOpaque(fd: number): boolean {
  const xattrs = listXattrs(fd);
  return OPAQUE_XATTRS.some((name) => xattrs.get(name)?.toString() === "y");
}

const OPAQUE_XATTRS = ["trusted.overlay.opaque", "user.overlay.opaque"];
