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
  const stack = new Stack(await image.layers(options), { ...options, signal });
  const ended = await Promise.allSettled(
    stack.hold().map(async (layer) => {
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
/** How often a layer is begun anew as soon as one that it leans on is there, before it waits for all. */
const IMPATIENCE = 3;

interface HeldLayer {
  readonly directory: string;
  release(): void;
}

/** Layers one upon the other; each waits for those below it only where it leans on them. */
class Stack {
  readonly #layers: readonly Layer[];
  readonly #options: UnpackOptions;
  readonly #lane = new Lane(SIDE_BY_SIDE);
  readonly #held: Promise<HeldLayer>[] = [];
  /** Of those that are held by now. */
  readonly #directories = new Map<number, string>();

  /** The bottom one first. */
  constructor(layers: readonly Layer[], options: UnpackOptions) {
    this.#layers = layers;
    this.#options = options;
  }

  /** All of them, the bottom one first. The largest is begun first: nobody is to wait for it at the end. */
  hold(): readonly Promise<HeldLayer>[] {
    let below: Promise<Digest> | undefined;
    const places = this.#layers.map((layer, place) => {
      // A layer that is still to be made has no diffID before it has been streamed: it is unpacked first.
      const early = layer.knownDiffId() === undefined ? this.#unpack(place) : undefined;
      below = this.#identify(layer, early, below);
      return { place, early, chainId: below, size: layer.known()?.size ?? 0 };
    });
    for (const each of places.toSorted((a, b) => b.size - a.size)) {
      this.#held[each.place] = this.#hold(each);
    }
    return this.#held;
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

  async #hold({ place, early, chainId }: Place): Promise<HeldLayer> {
    const directory = join(unpackedDirectory(this.#options.home), directoryName(await chainId));
    const diffId = await this.#layer(place).diffId(this.#options);
    for (;;) {
      const lock = openSync(`${directory}.lock`, "a", 0o600);
      try {
        await waitLock(lock, "shared", this.#options);
        if (existsSync(directory)) {
          if (early !== undefined) rmSync(await early, { recursive: true, force: true });
          futimesSync(lock, new Date(), new Date()); // it was used now
          this.#options.onEvent?.({ type: "layer-cached", diffId });
          this.#directories.set(place, directory);
          return { directory, release: () => closeSync(lock) };
        }
        // Who waited for the exclusive lock here would wait for the end of whoever was faster and runs now.
        if (lockFile(lock, "exclusive")) {
          if (!existsSync(directory)) {
            renameSync(await (early ?? this.#unpack(place)), directory);
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
  async #unpack(place: number): Promise<string> {
    const { signal } = this.#options;
    for (let tries = 1; ; tries++) {
      const leave = await this.#lane.enter(signal);
      try {
        return await this.#unpackOnce(place, tries);
      } catch (error) {
        if (!(error instanceof LeansOnUnfinished)) throw error;
        leave(); // its place is for those below now
        const from = tries < IMPATIENCE ? error.place : 0;
        await Promise.all(this.#held.slice(from, error.place + 1));
      } finally {
        leave();
      }
    }
  }

  async #unpackOnce(place: number, tries: number): Promise<string> {
    const { home, owners, overlayXattrs, signal, onEvent } = this.#options;
    const layer = this.#layer(place);
    const aside = join(unpackedDirectory(home), `partial-${process.pid}-${randomBytes(6).toString("hex")}`);
    if (tries === 1) onEvent?.({ type: "layer-start", descriptor: layer.known() });
    mkdirSync(aside, { mode: 0o755 });
    try {
      await unpackTar(layer.tar(this.#options), aside, {
        whiteouts: "overlay",
        owners,
        devices: overlayXattrs === "trusted" ? "create" : "skip",
        overlayXattrs,
        lowers: this.#below(place),
        signal,
      });
      return aside;
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      throw error;
    }
  }

  /** The directories of the layers below, the topmost first. */
  *#below(place: number): Generator<string> {
    for (let lower = place - 1; lower >= 0; lower--) {
      const directory = this.#directories.get(lower);
      if (directory === undefined) throw new LeansOnUnfinished(lower);
      yield directory;
    }
  }

  #layer(place: number): Layer {
    const layer = this.#layers[place];
    if (layer === undefined) throw new Error(`unreachable: there is no layer ${place}`);
    return layer;
  }
}

interface Place {
  readonly place: number;
  /** Where it is unpacked already. */
  readonly early: Promise<string> | undefined;
  readonly chainId: Promise<Digest>;
}

/** A layer has a hard link to, or presumes a directory of, one that may not be unpacked yet. */
class LeansOnUnfinished extends Error {
  /** Which one. */
  readonly place: number;

  constructor(place: number) {
    super(`layer ${place} is not unpacked yet`);
    this.place = place;
  }
}
