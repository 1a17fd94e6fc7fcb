import { closeSync, existsSync, futimesSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Cancellable, unpackTar } from "@cooper/archive";
import type { Digest, Image, Layer } from "@cooper/oci";
import { lockFile, makeDirectories, waitLock } from "@cooper/sys";
import { Lane } from "@cooper/transport";
import type { SnapshotEvent } from "./event.ts";
import { chainIdOf, directoryName, unpackedDirectory } from "./layers.ts";

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

/**
 * Unpacks what is not there yet of an image's layers, several at a time, and holds all of them until
 * `close`. Where one cannot be had, the others end and are let go.
 */
export async function unpackLayers(image: Image, options: UnpackOptions): Promise<UnpackedLayers> {
  makeDirectories(unpackedDirectory(options.home), 0o700);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const stack = new Stack({ ...options, signal });
  for (const layer of await image.layers(options)) stack.add(layer);
  const ended = await Promise.allSettled(
    stack.held.map(async (layer) => {
      try {
        return await layer;
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    }),
  );
  const held = ended.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])).toReversed();
  const close = (): void => {
    for (const layer of held.splice(0)) layer.release();
  };
  if (held.length < ended.length) {
    close();
    throw signal.reason;
  }
  return { directories: held.map(({ directory }) => directory), close };
}

/** Layers that are unpacked at a time: while one is decompressed, others are written. */
const SIDE_BY_SIDE = 4;
/** Between two looks at whether another process has unpacked a layer that both want. */
const UNPACK_PAUSE_MS = 20;

interface HeldLayer {
  readonly directory: string;
  release(): void;
}

/** Layers one upon the other; each waits for those below it only where it leans on them. */
class Stack {
  /** The bottom one first. */
  readonly held: Promise<HeldLayer>[] = [];
  readonly #options: UnpackOptions;
  readonly #lane = new Lane(SIDE_BY_SIDE);
  #chainId: Promise<Digest> | undefined;

  constructor(options: UnpackOptions) {
    this.#options = options;
  }

  add(layer: Layer): void {
    const below = [...this.held];
    // A layer that is still to be made has no diffID before it has been streamed: it is unpacked first.
    const early = layer.known() === undefined ? this.#unpack(layer, below) : undefined;
    const chainId = this.#identify(layer, early, this.#chainId);
    this.#chainId = chainId;
    this.held.push(this.#hold(layer, { below, early, chainId }));
  }

  async #identify(
    layer: Layer,
    early: Promise<string> | undefined,
    below: Promise<Digest> | undefined,
  ): Promise<Digest> {
    await early;
    const diffId = await layer.diffId(this.#options);
    return chainIdOf(await below, diffId);
  }

  async #hold(layer: Layer, { below, early, chainId }: Unpacking): Promise<HeldLayer> {
    const directory = join(unpackedDirectory(this.#options.home), directoryName(await chainId));
    const diffId = await layer.diffId(this.#options);
    for (;;) {
      const lock = openSync(`${directory}.lock`, "a", 0o600);
      try {
        await waitLock(lock, "shared", this.#options);
        if (existsSync(directory)) {
          if (early !== undefined) rmSync(await early, { recursive: true, force: true });
          futimesSync(lock, new Date(), new Date()); // it was used now
          this.#options.onEvent?.({ type: "layer-cached", diffId });
          return { directory, release: () => closeSync(lock) };
        }
        // Who waited for the exclusive lock here would wait for the end of whoever was faster and runs now.
        if (lockFile(lock, "exclusive")) {
          if (!existsSync(directory)) {
            renameSync(await (early ?? this.#unpack(layer, below)), directory);
            this.#options.onEvent?.({ type: "layer-done", diffId });
          }
        } else {
          await pause(UNPACK_PAUSE_MS);
          this.#options.signal?.throwIfAborted();
        }
      } catch (error) {
        closeSync(lock);
        throw error;
      }
      // A lock that changes from exclusive to shared may let a collection in between: look again.
      closeSync(lock);
    }
  }

  /** Unpacks a layer under a name that nobody looks for, and gives that name. */
  async #unpack(layer: Layer, below: readonly Promise<HeldLayer>[]): Promise<string> {
    try {
      return await this.#unpackOver(layer, "unfinished");
    } catch (error) {
      if (!(error instanceof LeansOnUnfinished)) throw error;
    }
    // Its place is free for those below meanwhile.
    const lowers = (await Promise.all(below)).map(({ directory }) => directory).toReversed();
    return await this.#unpackOver(layer, lowers);
  }

  async #unpackOver(layer: Layer, lowers: readonly string[] | "unfinished"): Promise<string> {
    const { home, owners, overlayXattrs, signal, onEvent } = this.#options;
    const aside = join(unpackedDirectory(home), `partial-${process.pid}-${randomBytes(6).toString("hex")}`);
    const leave = await this.#lane.enter(signal);
    if (lowers === "unfinished") onEvent?.({ type: "layer-start", descriptor: layer.known() });
    mkdirSync(aside, { mode: 0o755 });
    try {
      await unpackTar(layer.tar(this.#options), aside, {
        whiteouts: "overlay",
        owners,
        devices: overlayXattrs === "trusted" ? "create" : "skip",
        overlayXattrs,
        lowers: () => {
          if (lowers === "unfinished") throw new LeansOnUnfinished();
          return lowers;
        },
        signal,
      });
      return aside;
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      throw error;
    } finally {
      leave();
    }
  }
}

interface Unpacking {
  /** The layers under it, the bottom one first. */
  readonly below: readonly Promise<HeldLayer>[];
  /** Where it is unpacked already. */
  readonly early: Promise<string> | undefined;
  readonly chainId: Promise<Digest>;
}

/** A layer has a hard link to, or presumes a directory of, one that may not be unpacked yet. */
class LeansOnUnfinished extends Error {}
