import { closeSync, mkdirSync, openSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { attachMount, copyMount, errnoOf, makeNode, mount, MOUNT_FLAGS } from "@cooper/sys";

/** What every container has (config-linux.md, "Default Devices"), and its numbers. */
const DEVICES: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  null: [1, 3],
  zero: [1, 5],
  full: [1, 7],
  random: [1, 8],
  urandom: [1, 9],
  tty: [5, 0],
};

const LINKS: Readonly<Record<string, string>> = {
  ptmx: "pts/ptmx",
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
};

/**
 * Makes the devices ready; `attach` puts them into /dev. Each is a mount of its own, and nothing else in
 * the container may have devices: whoever makes a node of the host's disk there cannot open it.
 * They are nodes of the container's own, or, in a user's namespace that may make none, the host's.
 */
export function makeDevices(bundle: string): { readonly attach: () => void } {
  const nodes = join(bundle, "devices");
  mkdirSync(nodes, { recursive: true });
  mount("tmpfs", nodes, "tmpfs", MOUNT_FLAGS.noSuid | MOUNT_FLAGS.noExec, "mode=755");
  const copies = Object.entries(DEVICES).map(([name, [major, minor]]) => ({
    name,
    descriptor: copyMount(deviceOf(nodes, name, major, minor), 0),
  }));
  return {
    attach() {
      for (const { name, descriptor } of copies) {
        const target = `/dev/${name}`;
        closeSync(openSync(target, "wx", 0o666));
        attachMount(descriptor, target);
      }
      for (const [name, target] of Object.entries(LINKS)) symlinkSync(target, `/dev/${name}`);
    },
  };
}

function deviceOf(nodes: string, name: string, major: number, minor: number): string {
  const path = join(nodes, name);
  const umask = process.umask(0);
  try {
    makeNode(path, "character-device", 0o666, major, minor);
    return path;
  } catch (error) {
    if (errnoOf(error) !== "EPERM") throw error;
    return `/dev/${name}`;
  } finally {
    process.umask(umask);
  }
}
