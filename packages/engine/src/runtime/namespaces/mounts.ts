import { closeSync, constants, lstatSync, mkdirSync, openSync, readlinkSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { attachMount, copyMount, errnoOf, makeMount, MOUNT_ATTRIBUTES } from "@cooper/sys";
import type { RuntimeConfiguration, RuntimeMount } from "../configuration.ts";

/** Something that is to be mounted, and is nowhere yet. */
export interface OpenMount {
  readonly descriptor: number;
  readonly target: string;
  readonly kind: "directory" | "file";
}

/** Opens what the configuration mounts, while the host's paths are still to be seen. Throws SysError. */
export function openMounts(mounts: readonly RuntimeMount[]): readonly OpenMount[] {
  return mounts.map(({ type, source, destination: target, options }) => {
    const attributes = attributesOf(options);
    if (type !== "none") {
      // Terminals are devices; the others have none, whoever makes a node in them.
      const more = type === "devpts" ? 0 : MOUNT_ATTRIBUTES.noDev;
      return {
        descriptor: makeMount(type, optionsOf(options), attributes | more),
        target,
        kind: "directory",
      };
    }
    const kind = statSync(source).isDirectory() ? "directory" : "file";
    return { descriptor: copyMount(source, attributes | MOUNT_ATTRIBUTES.noDev), target, kind };
  });
}

const ATTRIBUTES: Readonly<Record<string, number | undefined>> = {
  ro: MOUNT_ATTRIBUTES.readOnly,
  nosuid: MOUNT_ATTRIBUTES.noSuid,
  nodev: MOUNT_ATTRIBUTES.noDev,
  noexec: MOUNT_ATTRIBUTES.noExec,
  strictatime: MOUNT_ATTRIBUTES.strictAtime,
};

function attributesOf(options: readonly string[]): number {
  return options.reduce((all, option) => all | (ATTRIBUTES[option] ?? 0), 0);
}

/** What is the filesystem's own affair; one without a value is a flag. */
function optionsOf(options: readonly string[]): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    options
      .filter((option) => ATTRIBUTES[option] === undefined)
      .map((option) => {
        const [name = "", value] = option.split("=", 2);
        return [name, value];
      }),
  );
}

/** Mounts each in the container's root, which is this process's, in their order. Throws SysError. */
export function attachMounts(mounts: readonly OpenMount[]): void {
  for (const { descriptor, target, kind } of mounts) {
    if (isSystem(target) && lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new Error(`${target} is a link in the image, and nothing can be mounted there`);
    if (kind === "directory") mkdirSync(target, { recursive: true });
    else makeFile(target);
    attachMount(descriptor, target);
  }
}

/** Where masks and devices go to: an image must not lead them elsewhere. */
function isSystem(target: string): boolean {
  return ["/proc", "/sys", "/dev"].includes(target);
}

const MOST_LINKS = 40;

/** Makes an empty file where there is nothing, also at the end of links that lead nowhere yet. */
function makeFile(target: string, links = 0): void {
  mkdirSync(dirname(target), { recursive: true });
  const status = lstatSync(target, { throwIfNoEntry: false });
  if (status?.isSymbolicLink() === true && links < MOST_LINKS) {
    makeFile(resolve(dirname(target), readlinkSync(target)), links + 1);
  } else if (status === undefined) {
    closeSync(openSync(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644));
  }
}

/** Takes from sight, or from writing, what the kernel shows of the host. Throws SysError. */
export function hidePaths({ maskedPaths, readonlyPaths }: RuntimeConfiguration["linux"]): void {
  const { readOnly, noSuid, noDev, noExec } = MOUNT_ATTRIBUTES;
  for (const path of readonlyPaths) ifThere(() => attachMount(copyMount(path, readOnly), path));
  for (const path of maskedPaths) {
    ifThere(() => {
      const covering = statSync(path).isDirectory()
        ? makeMount("tmpfs", {}, readOnly | noSuid | noDev | noExec)
        : copyMount("/dev/null", readOnly);
      attachMount(covering, path);
    });
  }
}

function ifThere(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error; // this kernel has none, or has not shown it here
  }
}
