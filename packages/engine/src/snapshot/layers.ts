import { closeSync, existsSync, fstatSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { type Digest, type DiffId, digestAlgorithm, digestBytes, digestHex, parseDigest } from "@cooper/oci";
import { lockFile, makeDirectories, waitLock } from "@cooper/sys";

/**
 * Takes a directory as a layer's unpacked form: what a build step wrote is that already. `below` is the
 * chainID of what it lies on. The directory is moved; where the layer is there already, it is removed.
 */
export async function adoptLayer(
  directory: string,
  diffId: DiffId,
  below: Digest | undefined,
  options: Cancellable & { readonly home: string },
): Promise<void> {
  const parent = unpackedDirectory(options.home);
  makeDirectories(parent, 0o700);
  const target = join(parent, directoryName(chainIdOf(below, diffId)));
  const lock = openSync(`${target}.lock`, "a", 0o600);
  try {
    await waitLock(lock, "exclusive", options);
    if (existsSync(target)) rmSync(directory, { recursive: true, force: true });
    else renameSync(directory, target);
  } finally {
    closeSync(lock);
  }
}

/** Where a stack of layers lies when it is unpacked: the topmost one's directory, whether it is there or not. */
export function unpackedLayer(home: string, chain: readonly DiffId[]): string | undefined {
  const chainId = chainIdOfAll(chain);
  return chainId === undefined ? undefined : join(unpackedDirectory(home), directoryName(chainId));
}

/** The chainID of layers, the bottom one first; undefined of none. */
export function chainIdOfAll(chain: readonly DiffId[]): Digest | undefined {
  return chain.reduce<Digest | undefined>((below, diffId) => chainIdOf(below, diffId), undefined);
}

/** Removes what an unpack that was killed left behind. */
export function sweepUnpacked(home: string): void {
  const parent = unpackedDirectory(home);
  for (const name of existsSync(parent) ? readdirSync(parent) : []) {
    if (!name.startsWith("partial-") || isAlive(Number(name.split("-")[1]))) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/**
 * Removes unpacked layers that nobody holds and that were not used since a time (milliseconds since
 * 1970), and what was left behind. Gives the chainIDs that went.
 */
export function collectLayers(home: string, since: number): readonly string[] {
  sweepUnpacked(home);
  const parent = unpackedDirectory(home);
  const removed: string[] = [];
  for (const name of existsSync(parent) ? readdirSync(parent) : []) {
    if (name.startsWith("partial-") || name.endsWith(".lock")) continue;
    const lock = openSync(join(parent, `${name}.lock`), "a", 0o600);
    try {
      if (fstatSync(lock).mtimeMs >= since || !lockFile(lock, "exclusive")) continue;
      const going = join(parent, `partial-0-${name}`);
      renameSync(join(parent, name), going);
      rmSync(going, { recursive: true, force: true });
      removed.push(name.replace("-", ":"));
    } finally {
      closeSync(lock);
    }
  }
  return removed;
}

function isAlive(pid: number): boolean {
  return pid > 0 && existsSync(`/proc/${pid}`);
}

export function unpackedDirectory(home: string): string {
  return join(home, "unpacked");
}

/** image-spec, config.md, Layer ChainID. */
export function chainIdOf(below: Digest | undefined, diffId: DiffId): Digest {
  return below === undefined ? parseDigest(diffId) : digestBytes(Buffer.from(`${below} ${diffId}`));
}

export function directoryName(chainId: Digest): string {
  return `${digestAlgorithm(chainId)}-${digestHex(chainId)}`;
}
