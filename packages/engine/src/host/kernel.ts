import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { openBeneath } from "@cooper/sys";
import type { HostFact, Question } from "./fact.ts";
import { attempt, findProgram } from "./program.ts";

/** What the kernel gives, tried and not only looked up: a sandbox may forbid what the kernel has. */
export const kernelQuestions: readonly Question[] = [openat2, userNamespaces, overlayfs, cgroups, fuse];

function openat2(): HostFact {
  const fact = {
    name: "openat2",
    purpose: "unpacks archives that cannot leave their directory",
    needed: true,
    packages: [],
  } as const;
  const root = openSync("/", constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    closeSync(openBeneath(root, "../proc", constants.O_RDONLY | constants.O_DIRECTORY));
    return { ...fact, state: "works", found: `Linux ${release()}` };
  } catch (error) {
    return {
      ...fact,
      state: "missing",
      found: `Linux ${release()}: ${String(error)}`,
      advice: "It needs Linux 5.6 or later, and a sandbox that allows it.",
    };
  } finally {
    closeSync(root);
  }
}

async function userNamespaces(options: Cancellable): Promise<HostFact> {
  const isRoot = process.geteuid?.() === 0;
  const fact = {
    name: "user namespaces",
    purpose: "runs containers without root",
    needed: !isRoot,
    packages: [],
  } as const;
  const outcome = await attempt("unshare", ["--user", "--map-root-user", "true"], options);
  if (outcome.status === 0) return { ...fact, state: "works", found: "unshare --user" };
  const blocks: readonly (readonly [setting: string, blocking: string])[] = [
    ["kernel/unprivileged_userns_clone", "0"],
    ["user/max_user_namespaces", "0"],
    ["kernel/apparmor_restrict_unprivileged_userns", "1"],
  ];
  const block = blocks.find(([setting, blocking]) => readSetting(setting) === blocking);
  const advice =
    block === undefined
      ? {}
      : {
          advice: `Allow them as root: sysctl -w ${block[0].replace("/", ".")}=${block[1] === "1" ? 0 : block[0].startsWith("user") ? 10_000 : 1}`,
        };
  return { ...fact, state: "missing", found: firstLine(outcome.output), ...advice };
}

/** Mounts one, in a namespace that ends with the child: as root if this is root, else as a user would. */
async function overlayfs(options: Cancellable): Promise<HostFact> {
  const fact = {
    name: "overlayfs",
    purpose: "gives each container a root of its own in no time",
    needed: true,
    packages: [],
  } as const;
  const isRoot = process.geteuid?.() === 0;
  const directory = mkdtempSync(join(tmpdir(), "cooper-doctor-"));
  try {
    const script = `cd "$1" && mount -t tmpfs tmpfs . && cd "$1" && mkdir lower upper work root &&
      mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work${isRoot ? "" : ",userxattr"} root`;
    const namespaces = isRoot ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
    const outcome = await attempt("unshare", [...namespaces, "sh", "-c", script, "sh", directory], options);
    if (outcome.status === 0) {
      return { ...fact, state: "works", found: isRoot ? "mounted as root" : "mounted in a user namespace" };
    }
    return {
      ...fact,
      state: "missing",
      found: firstLine(outcome.output),
      advice: isRoot
        ? "Load the module (modprobe overlay); inside a container, it needs CAP_SYS_ADMIN."
        : "Without root it needs Linux 5.11 or later and user namespaces.",
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function cgroups(): HostFact {
  const fact = {
    name: "cgroups",
    purpose: "limits a container's memory and processors",
    needed: false,
    packages: [],
  } as const;
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const two = mounts.some((line) => /^\S+ \/sys\/fs\/cgroup cgroup2 /.test(line));
  const one = mounts.some((line) => / cgroup .*\bmemory\b/.test(line));
  if (two) return { ...fact, state: "works", found: "version 2" };
  if (one) return { ...fact, state: "works", found: "version 1" };
  return {
    ...fact,
    state: "missing",
    found: "not mounted on /sys/fs/cgroup",
    advice: "--memory and --cpus need cgroups: mount -t cgroup2 cgroup2 /sys/fs/cgroup",
  };
}

function fuse(): HostFact {
  const fact = {
    name: "fuse",
    purpose: "mounts an image that is not downloaded yet",
    needed: false,
    packages: [],
  } as const;
  try {
    closeSync(openSync("/dev/fuse", constants.O_RDWR));
    const helper = findProgram("fusermount3") ?? findProgram("fusermount");
    if (process.geteuid?.() === 0 || helper !== undefined)
      return { ...fact, state: "works", found: "/dev/fuse" };
    return { ...fact, state: "limited", found: "/dev/fuse, but no fusermount3", packages: ["fuse3"] };
  } catch {
    return { ...fact, state: "missing", found: "no /dev/fuse", advice: "Load the module: modprobe fuse" };
  }
}

function readSetting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return undefined;
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
