// The first process of a container that has no runtime but Cooper: `node init.ts BUNDLE [CGROUP.PROCS…]`,
// started in namespaces of its own. It makes the container's root out of the bundle's config.json, gives
// up every right that the container must not have, and becomes the container's program.
import { openSync, readFileSync, readlinkSync, writeFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import {
  becomeProgram,
  bringUpLoopback,
  dieWithParent,
  enterCgroupNamespace,
  joinNewKeyring,
  limitResource,
  MOUNT_ATTRIBUTES,
  pivotRoot,
  prepareFilter,
  restoreSignal,
  restrictMount,
  setHostName,
} from "@cooper/sys";
import type { RuntimeConfiguration } from "../configuration.ts";
import { makeDevices } from "./devices.ts";
import { becomeUser, giveStreams } from "./identity.ts";
import { attachMounts, hidePaths, openMounts } from "./mounts.ts";
import { findExecutable } from "./executable.ts";

const [bundle = "", ...cgroups] = process.argv.slice(2);
const log = openSync(join(bundle, "runtime.log"), "a");
try {
  start();
} catch (error) {
  const msg = error instanceof Error ? error.message : String(error);
  writeSync(log, `${JSON.stringify({ level: "error", msg })}\n`);
  process.exit(1);
}

function start(): void {
  dieWithParent(constants.signals.SIGKILL);
  // Of the host's /proc, which is still to be seen: by this number the host knows the container.
  writeFileSync(join(bundle, "pid"), readlinkSync("/proc/self"));
  const text = readFileSync(join(bundle, "config.json"), "utf8");
  const configuration: RuntimeConfiguration = JSON.parse(text);
  const { process: wanted, linux, root, hostname } = configuration;
  process.umask(0o022);
  joinNewKeyring();
  setHostName(hostname);
  if (linux.namespaces.some(({ type }) => type === "network")) bringUpLoopback();

  // All that is of the host is opened before its root is gone: afterwards every path, and every link
  // that an image may have laid in its way, leads to something of the container.
  const groups = cgroups.map((path) => openSync(path, "w"));
  const install = prepareFilter(linux.seccomp);
  const rootfs = join(bundle, root.path);
  restrictMount(rootfs, MOUNT_ATTRIBUTES.noDev);
  const mounts = openMounts(configuration.mounts);
  const devices = makeDevices(bundle);
  pivotRoot(rootfs);
  attachMounts(mounts);
  devices.attach();
  hidePaths(linux);
  const { args, env } = wanted;
  const program = findExecutable(args[0] ?? "", env, wanted.cwd);
  if (root.readonly) restrictMount("/", MOUNT_ATTRIBUTES.readOnly);

  // As late as can be: this process is larger, and has more threads, than the container may.
  for (const group of groups) writeSync(group, "0");
  // Where the host's own sysfs is bound, its mounts of cgroups begin above such a namespace: whoever looks for
  // its own limits below them, as the Java runtime does, would find nothing.
  if (!configuration.mounts.some(({ source }) => source === "/sys")) enterCgroupNamespace();
  for (const { type, soft, hard } of wanted.rlimits ?? []) limitResource(type, soft, hard);
  giveStreams(wanted.user);
  becomeUser(wanted, install);
  // Node ignores them, and a program would inherit that.
  for (const signal of ["SIGPIPE", "SIGXFSZ"] as const) restoreSignal(constants.signals[signal]);
  becomeProgram(program, args, env);
}
