import type { RuntimeConfiguration, RuntimeMount } from "../runtime/configuration.ts";
import type { ContainerLimits } from "../runtime/limits/limits.ts";
import type { Volume } from "./options.ts";
import type { ContainerProcess } from "./process.ts";
import { seccompProfile } from "./seccomp.ts";

export type NetworkMode = "host" | "none";

/** Everything that a bundle's config.json is made of. */
export interface SpecificationInput {
  readonly process: ContainerProcess;
  readonly hostname: string;
  readonly terminal: "none" | "attached";
  readonly root: "read-write" | "read-only";
  readonly network: NetworkMode;
  readonly volumes: readonly Volume[];
  /** Files that the engine makes for the container, such as its resolv.conf: path on the host → in it. */
  readonly files: readonly { readonly source: string; readonly target: string }[];
  /** Directories of the container that are in memory, and gone with it; sizes in bytes. */
  readonly temporary?: readonly { readonly target: string; readonly size?: number | undefined }[] | undefined;
  readonly limits: Pick<ContainerLimits, "resources" | "rlimits">;
  /** Whether a set-user-id program gives more rights. Default: `allow`, as Docker has it. */
  readonly newPrivileges?: "allow" | "refuse" | undefined;
  /** A sysfs, and the group of terminals, need real root. */
  readonly privilege: "root" | "user-namespace";
}

/** What a container may do by default: what Docker's containers may. */
const CAPABILITIES = [
  "CAP_AUDIT_WRITE",
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_MKNOD",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_RAW",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/firmware",
];

const READ_ONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

const SAFE = ["nosuid", "noexec", "nodev"];

/** The bundle's config.json (runtime-spec 1.0, config.md and config-linux.md). Pure. */
export function runtimeSpecification(input: SpecificationInput): RuntimeConfiguration {
  const { resources, rlimits } = input.limits;
  // Whoever is not root in the container has no capability to start with, as the kernel would have it.
  const held = input.process.user.uid === 0 ? CAPABILITIES : [];
  return {
    ociVersion: "1.0.2",
    hostname: input.hostname,
    process: {
      terminal: input.terminal === "attached",
      user: input.process.user,
      args: input.process.args,
      env: input.process.env,
      cwd: input.process.cwd,
      noNewPrivileges: input.newPrivileges === "refuse",
      ...(rlimits.length === 0 ? {} : { rlimits }),
      capabilities: { bounding: CAPABILITIES, effective: held, permitted: held },
    },
    root: { path: "rootfs", readonly: input.root === "read-only" },
    mounts: mounts(input),
    linux: {
      namespaces: [
        { type: "pid" },
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        ...(input.network === "none" ? [{ type: "network" } as const] : []),
      ],
      ...(resources === undefined ? {} : { resources }),
      seccomp: seccompProfile(),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READ_ONLY_PATHS,
    },
  };
}

function mounts(input: SpecificationInput): readonly RuntimeMount[] {
  const rootless = input.privilege === "user-namespace";
  // A sysfs can only be mounted by the owner of the network namespace: the host's is bound instead.
  const sys =
    rootless && input.network === "host"
      ? { destination: "/sys", type: "none", source: "/sys", options: ["rbind", "ro", ...SAFE] }
      : { destination: "/sys", type: "sysfs", source: "sysfs", options: [...SAFE, "ro"] };
  return [
    { destination: "/proc", type: "proc", source: "proc", options: SAFE },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: [
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
        ...(rootless ? [] : ["gid=5"]),
      ],
    },
    { destination: "/dev/shm", type: "tmpfs", source: "shm", options: [...SAFE, "mode=1777", "size=65536k"] },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: SAFE },
    sys,
    ...input.files.map(({ source, target }) => ({
      destination: target,
      type: "none",
      source,
      options: ["bind", "rw"],
    })),
    ...(input.temporary ?? []).map(({ target, size }) => ({
      destination: target,
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "nodev", "mode=1777", ...(size === undefined ? [] : [`size=${size}`])],
    })),
    ...input.volumes.map(({ source, target, access }) => ({
      destination: target,
      type: "none",
      source,
      options: ["rbind", access === "read-only" ? "ro" : "rw"],
    })),
  ];
}
