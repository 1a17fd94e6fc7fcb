import type { Cancellable } from "../bytes.ts";
import type { PathString, TarEntry, Timestamp } from "../tar/entry.ts";
import type { Owner } from "./record.ts";

/** Something that is not in the archive as it is in the directory. */
export interface PackNote {
  /** A socket has no meaning outside its host and is left out. */
  readonly kind: "socket-skipped";
  readonly path: PathString;
}

export interface PackOptions extends Cancellable {
  /**
   * `keep` (the default): as on the disk. `recorded`: what `unpackTar` wrote down with
   * `owners: "record"` and `devices: "record"`; files without a record are root's. Or one owner for all.
   */
  readonly owner?: "keep" | "recorded" | Owner | undefined;
  /** `keep` (the default), one time for all, or none later than a time (SOURCE_DATE_EPOCH). */
  readonly mtime?: "keep" | { readonly set: Timestamp } | { readonly clamp: Timestamp } | undefined;
  /**
   * `keep` (the default): those that this user may read; never those of the host (SELinux labels,
   * overlayfs's own).
   */
  readonly xattrs?: "keep" | "drop" | undefined;
  /**
   * `keep` (the default): devices 0:0 and opaque directories of an overlay's upper directory are as
   * they are. `oci`: they become the whiteouts of a layer (image-spec, layer.md, "Whiteouts").
   */
  readonly overlay?: "keep" | "oci" | undefined;
  /** Whether the directory itself is a member, `./`, the first one. Default: `omit`. */
  readonly root?: "omit" | "include" | undefined;
  /**
   * Puts everything under this path, such as `usr/bin`. The directories that lead there are members
   * too: mode 755, of the one owner or root, with the time that is set or 1970.
   */
  readonly prefix?: PathString | undefined;
  /** False leaves a member out; a directory with all that is in it. */
  readonly filter?: ((entry: TarEntry) => boolean) | undefined;
  readonly onNote?: ((note: PackNote) => void) | undefined;
}
