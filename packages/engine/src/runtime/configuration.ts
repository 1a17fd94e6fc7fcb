import type { SystemCallFilter } from "@cooper/sys";

/** A bundle's config.json, of the runtime specification (config.md, config-linux.md) what Cooper uses. */
export interface RuntimeConfiguration {
  readonly ociVersion: string;
  readonly hostname: string;
  readonly process: {
    readonly terminal: boolean;
    readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly noNewPrivileges: boolean;
    readonly rlimits?: readonly ResourceLimit[];
    readonly capabilities: Readonly<Record<"bounding" | "effective" | "permitted", readonly string[]>>;
  };
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly mounts: readonly RuntimeMount[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: NamespaceType }[];
    readonly resources?: Resources;
    readonly seccomp: SystemCallFilter & { readonly defaultAction: "SCMP_ACT_ERRNO" };
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
  };
}

export type NamespaceType = "pid" | "ipc" | "uts" | "mount" | "network";

export interface ResourceLimit {
  readonly type: "RLIMIT_NPROC" | "RLIMIT_DATA";
  readonly soft: number;
  readonly hard: number;
}

export interface RuntimeMount {
  readonly destination: string;
  /** `none` for what is mounted already somewhere on the host, and bound. */
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface Resources {
  readonly devices?: readonly { readonly allow: boolean; readonly access: string }[];
  readonly pids?: { readonly limit: number };
  /** Bytes. */
  readonly memory?: { readonly limit: number };
  /** Microseconds. */
  readonly cpu?: { readonly quota: number; readonly period: number };
}
