import {
  closeSync,
  existsSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { type Cancellable, unpackTar } from "@cooper/archive";
import {
  type Digest,
  type DiffId,
  type Image,
  type Layer,
  digestAlgorithm,
  digestBytes,
  digestHex,
  parseDigest,
} from "@cooper/oci";
import { setTimeout as pause } from "node:timers/promises";
import { lockFile, waitLock, makeDirectories } from "@cooper/sys";
import type { SnapshotEvent } from "./event.ts";

/**
 * Layers unpacked under the store, each once, in the form that overlayfs takes: `unpacked/ALGORITHM-HEX`
 * by chainID, with a lock file beside each. The chainID and not the diffID, since a layer may lean on
 * those below it: a hard link to a file of theirs, a directory that it does not describe. A directory
 * under its final name is whole; who uses one holds its lock shared, so that a collection running
 * beside leaves it alone.
 */
export interface UnpackedLayers {
  /** The topmost first, as overlayfs wants them. */
  readonly directories: readonly string[];
  /** Lets go of the locks. */
  close(): void;
}

export interface UnpackOptions extends Cancellable {
  /** Cooper's home. */
  readonly home: string;
  /** `keep` as root or with many mapped ids; `record` where only one id is there. */
  readonly owners: "keep" | "record";
  /** Whose attributes the overlay will be mounted with: `user` in a user namespace. */
  readonly overlayXattrs: "trusted" | "user";
  readonly onEvent?: ((event: SnapshotEvent) => void) | undefined;
}

/** Unpacks what is not there yet of an image's layers, and holds all of them until `close`. */
export async function unpackLayers(image: Image, options: UnpackOptions): Promise<UnpackedLayers> {
  const held: HeldLayer[] = [];
  const close = (): void => {
    for (const layer of held.splice(0)) layer.release();
  };
  try {
    for (const layer of await image.layers(options)) held.unshift(await holdLayer(layer, held, options));
  } catch (error) {
    close();
    throw error;
  }
  return { directories: held.map(({ directory }) => directory), close };
}

/** Between two looks at whether another process has unpacked a layer that both want. */
const UNPACK_PAUSE_MS = 20;

interface HeldLayer {
  readonly chainId: Digest;
  readonly directory: string;
  release(): void;
}

/** `below` are the layers under it, the topmost first. */
async function holdLayer(
  layer: Layer,
  below: readonly HeldLayer[],
  options: UnpackOptions,
): Promise<HeldLayer> {
  const parent = unpackedDirectory(options.home);
  makeDirectories(parent, 0o700);
  // A layer that is still to be made has no diffID before it has been streamed: it is unpacked first.
  const early = layer.known() === undefined ? await unpackAside(layer, below, options) : undefined;
  const diffId = await layer.diffId(options);
  const chainId = chainIdOf(below[0]?.chainId, diffId);
  const directory = join(parent, directoryName(chainId));
  for (;;) {
    const lock = openSync(`${directory}.lock`, "a", 0o600);
    try {
      await waitLock(lock, "shared", options);
      if (existsSync(directory)) {
        if (early !== undefined) rmSync(early, { recursive: true, force: true });
        futimesSync(lock, new Date(), new Date()); // it was used now
        options.onEvent?.({ type: "layer-cached", diffId });
        return { chainId, directory, release: () => closeSync(lock) };
      }
      // Who waited for the exclusive lock here would wait for the end of whoever was faster and runs now.
      if (lockFile(lock, "exclusive")) {
        if (!existsSync(directory)) {
          renameSync(early ?? (await unpackAside(layer, below, options)), directory);
          options.onEvent?.({ type: "layer-done", diffId });
        }
      } else {
        await pause(UNPACK_PAUSE_MS);
        options.signal?.throwIfAborted();
      }
    } catch (error) {
      closeSync(lock);
      throw error;
    }
    // A lock that changes from exclusive to shared may let a collection in between: look again.
    closeSync(lock);
  }
}

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

/** Unpacks a layer under a name that nobody looks for, and gives that name. */
async function unpackAside(
  layer: Layer,
  below: readonly HeldLayer[],
  options: UnpackOptions,
): Promise<string> {
  const aside = join(
    unpackedDirectory(options.home),
    `partial-${process.pid}-${randomBytes(6).toString("hex")}`,
  );
  options.onEvent?.({ type: "layer-start", descriptor: layer.known() });
  mkdirSync(aside, { mode: 0o755 });
  try {
    await unpackTar(layer.tar(options), aside, {
      whiteouts: "overlay",
      owners: options.owners,
      devices: options.overlayXattrs === "trusted" ? "create" : "skip",
      overlayXattrs: options.overlayXattrs,
      lowers: below.map(({ directory }) => directory),
      signal: options.signal,
    });
    return aside;
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    throw error;
  }
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

function unpackedDirectory(home: string): string {
  return join(home, "unpacked");
}

/** image-spec, config.md, Layer ChainID. */
function chainIdOf(below: Digest | undefined, diffId: DiffId): Digest {
  return below === undefined ? parseDigest(diffId) : digestBytes(Buffer.from(`${below} ${diffId}`));
}

function directoryName(chainId: Digest): string {
  return `${digestAlgorithm(chainId)}-${digestHex(chainId)}`;
}
