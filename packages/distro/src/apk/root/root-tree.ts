import type { Cancellable, PathString } from "@cooper/archive";
import { readContents } from "./contents.ts";
import type { Claim, Ownership } from "./ownership.ts";
import { realPath } from "./root-view.ts";

/** A file, directory or link of the image that no package's layer has as it is to be. */
export interface TopNode {
  /** Without a slash before it, and with no link in it but the last part. */
  readonly path: PathString;
  readonly type: "file" | "directory" | "symlink" | "hardlink";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** A file's content, unless it is a package's. */
  readonly bytes?: Uint8Array | undefined;
  /** A symlink's target as it is written, or the path of another file that a hard link is. */
  readonly linkPath?: PathString | undefined;
  /** The package's file whose content it has. */
  readonly from?: Claim | undefined;
}

/** What lies at a path, as far as links and permissions are concerned. */
export type Standing = Pick<TopNode, "mode" | "uid" | "gid" | "linkPath"> & { readonly type: string };

export interface NewFile {
  readonly path: PathString;
  readonly bytes?: Uint8Array | undefined;
  /** Of a symlink in place of a file. */
  readonly target?: string | undefined;
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** The packages' files together, and what is put upon them: all of that is the top layer's. */
export class RootTree {
  readonly claims: Ownership;
  readonly #nodes = new Map<PathString, TopNode>();

  constructor(claims: Ownership) {
    this.claims = claims;
  }

  /** What was put upon the packages' files. */
  get nodes(): ReadonlyMap<PathString, TopNode> {
    return this.#nodes;
  }

  /** Where a path really lies, links in its directories followed. */
  resolve(path: PathString): PathString {
    return realPath(path, (at) => this.#at(at)) ?? path;
  }

  find(path: PathString): Standing | undefined {
    return this.#at(this.resolve(path));
  }

  /** A file's content, links followed; undefined where there is no file. */
  async read(path: PathString, options: Cancellable): Promise<Buffer | undefined> {
    const at = this.#target(path);
    const node = this.#nodes.get(at);
    if (node?.bytes !== undefined) return Buffer.from(node.bytes);
    const claim = node === undefined ? this.claims.get(at) : node.from;
    if (claim === undefined) return undefined;
    return [...(await readContents([claim], options)).values()][0];
  }

  /** Puts a file or symlink; one that was there keeps its owner and mode unless others are given. */
  write({ path, bytes, target, mode, uid, gid }: NewFile): void {
    const at = this.resolve(path);
    const before = this.#at(at);
    const old = before?.type === "file" && target === undefined ? before : undefined;
    this.#nodes.set(at, {
      path: at,
      type: target === undefined ? "file" : "symlink",
      mode: mode ?? old?.mode ?? (target === undefined ? 0o644 : 0o777),
      uid: uid ?? old?.uid ?? 0,
      gid: gid ?? old?.gid ?? 0,
      bytes: target === undefined ? (bytes ?? new Uint8Array(0)) : undefined,
      linkPath: target,
    });
  }

  makeDirectory(path: PathString, access: Pick<TopNode, "mode" | "uid" | "gid">): void {
    const at = this.resolve(path);
    this.#nodes.set(at, { path: at, type: "directory", ...access });
  }

  hardLink(path: PathString, to: PathString): void {
    const target = this.resolve(to);
    const before = this.#at(target);
    const { mode = 0o644, uid = 0, gid = 0 } = before ?? {};
    // A link to a file of another layer would not do everywhere: both names are in this one.
    if (!this.#nodes.has(target)) this.setAccess(target, {});
    const at = this.resolve(path);
    this.#nodes.set(at, { path: at, type: "hardlink", linkPath: target, mode, uid, gid });
  }

  /** Changes who owns what is there, and its mode; false where there is nothing. */
  setAccess(path: PathString, change: Partial<Pick<TopNode, "mode" | "uid" | "gid">>): boolean {
    const at = this.resolve(path);
    const before = this.#nodes.get(at);
    const claim = this.claims.get(at);
    if (before !== undefined) {
      this.#nodes.set(at, { ...before, ...change });
      return true;
    }
    const type = claim?.file.type;
    if (claim === undefined || type === undefined) return false;
    const { mode, uid, gid, linkPath } = claim.file;
    const access = { mode, uid, gid, ...change };
    if (type === "directory") this.#nodes.set(at, { path: at, type, ...access });
    else if (type === "symlink") this.#nodes.set(at, { path: at, type, linkPath, ...access });
    else this.#nodes.set(at, { path: at, type: "file", from: claim, ...access });
    return true;
  }

  /** The paths that lie beneath a directory. */
  beneath(directory: PathString): readonly PathString[] {
    const start = `${this.resolve(directory)}/`;
    const all = new Set([...this.claims.keys(), ...this.#nodes.keys()]);
    return [...all].filter((path) => path.startsWith(start)).toSorted();
  }

  /** Where a path leads once its last part is followed too. */
  #target(path: PathString): PathString {
    let at = this.resolve(path);
    for (let links = 0; links < 40; links++) {
      const found = this.#at(at);
      if (found?.type !== "symlink") return at;
      const target = found.linkPath ?? "";
      at = this.resolve(target.startsWith("/") ? target : `${at.slice(0, at.lastIndexOf("/") + 1)}${target}`);
    }
    return at;
  }

  #at(path: PathString): Standing | undefined {
    return this.#nodes.get(path) ?? this.claims.get(path)?.file;
  }
}
