import type { Cancellable } from "../bytes.ts";
import type { Limits } from "../limits.ts";
import type { PathString } from "../tar/entry.ts";

/** Something that the directory does not have as the archive has it. */
export interface UnpackNote {
  /**
   * `device-skipped`: there is nothing in its place. `owner-lost`: the file is the caller's and nothing
   * says whose it was, as on a symlink. `xattr-skipped`: the file system or the kernel refused it.
   */
  readonly kind: "device-skipped" | "owner-lost" | "xattr-skipped";
  readonly path: PathString;
  /** Of an attribute: its name. */
  readonly name?: string;
}

export interface UnpackOptions extends Cancellable {
  /**
   * What names that begin with `.wh.` mean. `apply`: they delete what the directory had before this
   * archive. `overlay`: they become overlayfs's own whiteouts and opaque directories, in a directory
   * of this layer alone. `keep`: they are files like others.
   */
  readonly whiteouts: "apply" | "overlay" | "keep";
  /**
   * `keep`: as in the archive; needs root. `record`: everything is the caller's, and the owner is
   * written in an attribute of files and directories, where `packDirectory` finds it. `drop`:
   * everything is the caller's. Default: `keep` as root, else `record`.
   */
  readonly owners?: "keep" | "record" | "drop" | undefined;
  /**
   * `create`: needs root. `record`: an empty file with the numbers in an attribute. `skip`.
   * Default: `create` as root, else `record`.
   */
  readonly devices?: "create" | "record" | "skip" | undefined;
  /** Default: `keep`, as far as the caller may set them; never those of the host. */
  readonly xattrs?: "keep" | "drop" | undefined;
  /**
   * Whose attributes overlayfs will read, with whiteouts `overlay`: `trusted.overlay.*` or, mounted
   * with `userxattr`, `user.overlay.*`. Default: `trusted` as root, else `user`.
   */
  readonly overlayXattrs?: "trusted" | "user" | undefined;
  /**
   * With whiteouts `overlay`: the directories of the layers below, the topmost first. A directory that
   * the archive presumes gets its attributes from there, and a hard link its file. Each is asked for
   * when the archive leans on it.
   */
  readonly lowers?: Iterable<string> | undefined;
  /** What is left out is as in `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits> | undefined;
  readonly onNote?: ((note: UnpackNote) => void) | undefined;
}

/** The options with nothing left out. */
export interface UnpackSettings {
  readonly whiteouts: "apply" | "overlay" | "keep";
  readonly owners: "keep" | "record" | "drop";
  readonly devices: "create" | "record" | "skip";
  readonly xattrs: "keep" | "drop";
  readonly opaqueXattr: "trusted.overlay.opaque" | "user.overlay.opaque";
  readonly note: (note: UnpackNote) => void;
}

/** What was unpacked: how many of each, and bytes of the files' contents, holes included. */
export interface UnpackSummary {
  readonly entries: number;
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly hardLinks: number;
  /** Device nodes and named pipes, recorded ones too. */
  readonly nodes: number;
  /** Whiteouts and opaque markers. */
  readonly whiteouts: number;
  readonly bytes: number;
}

export function unpackSettings(options: UnpackOptions): UnpackSettings {
  const isRoot = process.geteuid?.() === 0;
  const overlayXattrs = options.overlayXattrs ?? (isRoot ? "trusted" : "user");
  return {
    whiteouts: options.whiteouts,
    owners: options.owners ?? (isRoot ? "keep" : "record"),
    devices: options.devices ?? (isRoot ? "create" : "record"),
    xattrs: options.xattrs ?? "keep",
    opaqueXattr: `${overlayXattrs}.overlay.opaque`,
    note: options.onNote ?? (() => {}),
  };
}
