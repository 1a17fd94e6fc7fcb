import type { EntryType, PathString } from "@cooper/archive";
import { z } from "zod";
import type { SharedLibrary } from "../../rootfs/elf.ts";

/** A file, directory or link of a package, without its content: what databases and layers need to know. */
export interface PackageFile {
  readonly path: PathString;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The names of its owner and group where the package has them and they are not root's. */
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  /** Whether its owner is not the one that the package has a number for. */
  readonly isRenumbered?: boolean | undefined;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Base64 of the SHA-1 of a file's content, or of a symlink's target. */
  readonly sha1?: string | undefined;
  /** A symlink's target as it is written, or the path of another file that a hard link is. */
  readonly linkPath?: PathString | undefined;
  /** Base64 of the SHA-1 over all extended attributes, as apk takes it; undefined where there are none. */
  readonly xattrs?: string | undefined;
  /** Where it is a shared library. */
  readonly library?: SharedLibrary | undefined;
}

export const packageFiles: z.ZodType<readonly PackageFile[]> = z.array(
  z.object({
    path: z.string(),
    type: z.enum(["file", "directory", "symlink", "hardlink", "character-device", "block-device", "fifo"]),
    mode: z.number(),
    uid: z.number(),
    gid: z.number(),
    user: z.string().optional(),
    group: z.string().optional(),
    size: z.number(),
    mtime: z.number(),
    sha1: z.string().optional(),
    linkPath: z.string().optional(),
    xattrs: z.string().optional(),
    library: z
      .object({
        soname: z.string().optional(),
        bits: z.union([z.literal(32), z.literal(64)]),
        machine: z.number(),
        flags: z.number(),
      })
      .transform(({ soname, ...rest }) => ({ soname, ...rest }))
      .optional(),
  }),
);

/** Whether what two packages have under one path is the same thing. */
export function isSameFile(a: PackageFile, b: PackageFile): boolean {
  return (
    a.type === b.type &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.xattrs === b.xattrs &&
    (a.type === "directory" || (a.sha1 === b.sha1 && a.linkPath === b.linkPath && a.size === b.size))
  );
}
