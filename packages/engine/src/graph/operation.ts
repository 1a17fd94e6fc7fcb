import type { Digest, Platform } from "@cooper/oci";

/**
 * What a step of a build does, as data: nothing of the machine that runs it, of the time, or of a
 * secret's value is in it. What it works on are the step's inputs, in the order that each kind says.
 */
export type Operation =
  | ImageOperation
  | LocalOperation
  | GitOperation
  | WebOperation
  | ExecOperation
  | CopyOperation
  | FileOperation
  | MergeOperation;

/** An image, found or made of packages: whatever a reference names. No inputs. */
export interface ImageOperation {
  readonly kind: "image";
  readonly reference: string;
  readonly platform: Platform;
  /** What it was made of when the graph was made: a digest, or a maker's inputs. Part of the key. */
  readonly pinned: string;
}

/** Files of the machine that builds, by a name that the caller gives them. No inputs. */
export interface LocalOperation {
  readonly kind: "local";
  readonly name: string;
  /** Paths and patterns, as `.dockerignore` has them; none means all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** The files of a commit. No inputs. Where it is fetched from is no part of the key: the commit names its content. */
export interface GitOperation {
  readonly kind: "git";
  readonly url: string;
  /** All its hexadecimal digits. */
  readonly commit: string;
  /** Only what is in this directory, which becomes the root. */
  readonly directory?: string | undefined;
}

/** A file of the web. No inputs. Where it is fetched from is no part of the key. */
export interface WebOperation {
  readonly kind: "http";
  readonly url: string;
  /** SHA-256 of its content. */
  readonly digest: Digest;
  /** What it is called in what this gives. */
  readonly path: string;
  /** Permission bits, default 0o644. */
  readonly mode?: number | undefined;
}

/** A command that runs in its first input; the layer is what it changes there. */
export interface ExecOperation {
  readonly kind: "exec";
  /** The program and its arguments; no shell comes in between. */
  readonly command: readonly string[];
  /** In words, for displays. Not part of the key. */
  readonly label?: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** `NAME`, `UID`, `UID:GID`; default root. */
  readonly user?: string | undefined;
  /** `host` where it may fetch; default none. */
  readonly network?: "none" | "host" | undefined;
  readonly mounts?: readonly ExecMount[] | undefined;
  /** The host's configuration of package managers that it may see: never in the key, never in a layer. */
  readonly configuration?: readonly HostConfiguration[] | undefined;
  readonly limits?: ExecLimits | undefined;
}

export type HostConfiguration = "npm" | "pip" | "go" | "cargo" | "maven" | "apt" | "certificates";

/** Not part of the key: a step that ends within its limits gives what it gives without them. */
export interface ExecLimits {
  /** Bytes. */
  readonly memory?: number | undefined;
  readonly processes?: number | undefined;
  readonly cpus?: number | undefined;
  /** Seconds. */
  readonly time?: number | undefined;
}

export type ExecMount =
  /** Another input, read-only: `input` is its place among the step's inputs. */
  | { readonly kind: "input"; readonly input: number; readonly path: string; readonly target: string }
  /** A directory that stays from build to build. Its id is no part of the key. */
  | {
      readonly kind: "cache";
      readonly id: string;
      readonly target: string;
      /** Several steps at once, one after the other, or each with its own. */
      readonly sharing: "shared" | "locked" | "private";
    }
  /** A secret's value as a file or as a variable, for this step only. Its value is no part of the key. */
  | {
      readonly kind: "secret";
      readonly id: string;
      readonly target: string;
      readonly as: "file" | "variable";
      readonly need: "required" | "optional";
    }
  | {
      readonly kind: "tmpfs";
      readonly target: string;
      /** Bytes; no part of the key. Default: half of the memory, as the kernel has it. */
      readonly size?: number | undefined;
    }
  /** An SSH agent's socket, for this step only; `SSH_AUTH_SOCK` says where it is. */
  | { readonly kind: "ssh"; readonly id: string; readonly target: string };

/**
 * Files of its second input, put into its first; the first may be left out by giving one input only,
 * and then stands for an empty root.
 */
export interface CopyOperation {
  readonly kind: "copy";
  readonly copies: readonly PathCopy[];
}

export interface PathCopy {
  /** In the source: a file, or a directory with what is in it. */
  readonly source: string;
  /** In the destination: what the source is to be called there. */
  readonly target: string;
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** Whom it belongs to; default root. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /**
   * `readable`: what its owner may read or run, everybody may, and its group may write only where everybody
   * may. Then neither a umask nor an archive's modes decide who can use it. Default: as they are.
   */
  readonly modes?: "readable" | undefined;
}

/** Files that the graph itself holds, put into its only input, or into an empty root. */
export interface FileOperation {
  readonly kind: "file";
  readonly files: readonly MadeFile[];
}

export type MadeFile =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly text: string;
      readonly mode: number;
      readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
    }
  | {
      readonly kind: "directory";
      readonly path: string;
      readonly mode: number;
      readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
    }
  | { readonly kind: "symlink"; readonly path: string; readonly to: string };

/** Its inputs' layers upon each other, the first one lowest. */
export interface MergeOperation {
  readonly kind: "merge";
}

/** A step: an operation and what it works on. The graph is its last step. */
export interface Step {
  readonly digest: Digest;
  readonly operation: Operation;
  readonly inputs: readonly Step[];
}
