import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type ByteStream,
  type Cancellable,
  compress,
  packDirectory,
  readFileStream,
  tally,
  writeFileAtomic,
} from "@cooper/archive";
import {
  type Digest,
  digestOf,
  type DiffId,
  type Layer,
  layerFromBlob,
  layerMediaType,
  parseDiffId,
  parseDigest,
} from "@cooper/oci";
import { type Held, lockPath } from "@cooper/transport";
import { EngineError } from "../errors.ts";
import { asidePath, sweepAsides } from "../run/asides.ts";
import { adoptLayer, chainIdOfAll, unpackedLayer } from "../snapshot/layers.ts";
import { BuildDirectory, type StepRecord, touch } from "./build-directory.ts";
import { enter } from "./running.ts";

/**
 * The layers that steps made. What a command wrote stays unpacked, where the next step finds it, and is
 * compressed only when an image wants it.
 */
export class MadeLayers {
  readonly #home: string;
  readonly #directory: BuildDirectory;

  constructor(home: string) {
    this.#home = home;
    this.#directory = new BuildDirectory(home);
    sweepAsides(this.#directory.path);
    sweepAsides(join(this.#directory.path, "running"));
  }

  /** Keeps everybody else from making what this key stands for. */
  async lock(key: Digest, options: Cancellable): Promise<Held> {
    return await lockPath(`${this.#directory.stepPath(key)}.lock`, {
      mode: "exclusive",
      kind: "file",
      signal: options.signal,
    });
  }

  /** What a step gave before, if it is still there; it counts as used. `below` is what a command's layer lies on. */
  async recall(key: Digest, below: readonly DiffId[], options: Cancellable): Promise<Layer | undefined> {
    const entrance = await enter(this.#home, options);
    try {
      return this.#find(key, below);
    } finally {
      entrance.release();
    }
  }

  #find(key: Digest, below: readonly DiffId[]): Layer | undefined {
    const path = this.#directory.stepPath(key);
    const record = this.#directory.step(path);
    if (record === undefined) return undefined;
    touch(path);
    const diffId = parseDiffId(record.diffId);
    if (record.kind === "blob") return this.#blob(diffId);
    const directory = unpackedLayer(this.#home, [...below, diffId]);
    if (directory === undefined || !existsSync(directory)) return this.#blob(diffId);
    touch(`${directory}.lock`);
    return this.#unpacked(directory, diffId);
  }

  /** Keeps a tar as what a step gave; `step` says what that was, for people. */
  async keepTar(key: Digest, tar: ByteStream, step: string, options: Cancellable): Promise<Layer> {
    const content = tally(tar);
    const layer = await this.#compress(content.stream, undefined, options);
    const diffId = await layer.diffId();
    return await this.#keep(key, { kind: "blob", diffId, step, size: content.size() }, [], options);
  }

  /** A layer that was made elsewhere, as what a step gave: fetched, checked and kept when it is first read. */
  adopt(key: Digest, layer: Layer, step: string): Layer {
    const kept = onceDone(async (cancel) => {
      const diffId = await layer.diffId(cancel);
      if (this.#blob(diffId) === undefined) await this.#fetch(layer, diffId, cancel);
      return await this.#keep(key, { kind: "blob", diffId, step }, [], cancel);
    });
    return {
      ...layer,
      async *open(cancel = {}) {
        yield* (await kept(cancel)).open(cancel);
      },
      async *tar(cancel = {}) {
        yield* (await kept(cancel)).tar(cancel);
      },
    };
  }

  async #fetch(layer: Layer, diffId: DiffId, cancel: Cancellable): Promise<void> {
    if (layer.mediaType !== layerMediaType("oci", "gzip")) {
      await this.#compress(layer.tar(cancel), diffId, cancel);
      return;
    }
    const aside = asidePath(this.#directory.path);
    try {
      await writeFileAtomic(aside, layer.open(cancel), cancel);
      const path = this.#directory.blobPath(diffId);
      renameSync(aside, path);
      const { digest, size } = await layer.descriptor(cancel);
      this.#directory.writeBlob(path, { digest, size });
    } finally {
      rmSync(aside, { force: true });
    }
  }

  /**
   * Keeps a directory that a command wrote over `below` as what its step gave. Its times are those that
   * the layer has, so that the next step sees what a container of the image will.
   */
  async keepDirectory(
    key: Digest,
    directory: string,
    below: readonly DiffId[],
    step: string,
    options: Cancellable,
  ): Promise<Layer> {
    const { stream, hex, size } = tally(packDirectory(directory, { overlay: "oci", ...options }));
    for await (const _ of stream) continue;
    const diffId = parseDiffId(digestOf("sha256", hex()));
    await adoptLayer(directory, diffId, chainIdOfAll(below), { home: this.#home, ...options });
    const path = unpackedLayer(this.#home, [...below, diffId]) ?? "";
    const record = { kind: "directory", diffId, step, size: size(), directory: basename(path) } as const;
    return await this.#keep(key, record, below, options);
  }

  async #keep(
    key: Digest,
    record: StepRecord,
    below: readonly DiffId[],
    options: Cancellable,
  ): Promise<Layer> {
    const entrance = await enter(this.#home, options);
    try {
      this.#directory.writeStep(this.#directory.stepPath(key), record);
      const layer = this.#find(key, below);
      if (layer === undefined) throw new Error("unreachable: what was kept a moment ago is there");
      return layer;
    } finally {
      entrance.release();
    }
  }

  /** A directory that stays from build to build, under `parent` or where all are. */
  cacheDirectory(id: string, parent?: string): string {
    return this.#directory.cachePath(id, parent);
  }

  #unpacked(directory: string, diffId: DiffId): Layer {
    const known = this.#blob(diffId);
    if (known !== undefined) return known;
    const mediaType = layerMediaType("oci", "gzip");
    const tar = (cancel: Cancellable = {}): ByteStream =>
      packDirectory(directory, { overlay: "oci", ...cancel });
    // Whoever first wants it compressed keeps it for all others.
    const blob = onceDone(async (cancel) => await this.#compress(tar(cancel), diffId, cancel));
    return {
      mediaType,
      known: () => this.#blob(diffId)?.known(),
      knownDiffId: () => diffId,
      descriptor: async (cancel = {}) => await (await blob(cancel)).descriptor(cancel),
      diffId: async () => diffId,
      tar,
      async *open(cancel = {}) {
        yield* (await blob(cancel)).open(cancel);
      },
    };
  }

  /** `LAYER_CHANGED` where somebody has touched the unpacked files since. */
  async #compress(tar: ByteStream, expected: DiffId | undefined, options: Cancellable): Promise<Layer> {
    const content = tally(tar);
    const blob = tally(compress(content.stream, { compression: "gzip", ...options }));
    const aside = asidePath(this.#directory.path);
    try {
      await writeFileAtomic(aside, blob.stream, options);
      const diffId = parseDiffId(digestOf("sha256", content.hex()));
      if (expected !== undefined && diffId !== expected) {
        throw new EngineError("LAYER_CHANGED", `the unpacked layer ${expected} is now ${diffId}`, {
          advice: "Something changed files under COOPER_HOME: cooper store prune removes what is unpacked.",
        });
      }
      const path = this.#directory.blobPath(diffId);
      renameSync(aside, path);
      this.#directory.writeBlob(path, { digest: digestOf("sha256", blob.hex()), size: blob.size() });
      const layer = this.#blob(diffId);
      if (layer === undefined) throw new Error("unreachable: the blob was placed a moment ago");
      return layer;
    } finally {
      rmSync(aside, { force: true });
    }
  }

  #blob(diffId: DiffId): Layer | undefined {
    const path = this.#directory.blobPath(diffId);
    const record = this.#directory.blob(path);
    if (record === undefined) return undefined;
    const mediaType = layerMediaType("oci", "gzip");
    return layerFromBlob({
      descriptor: { mediaType, digest: parseDigest(record.digest), size: record.size },
      diffId,
      open: (cancel) => readFileStream(path, cancel),
    });
  }
}

/** Does something once and gives the same to all who ask; after a failure it is tried again. */
function onceDone<T>(work: (cancel: Cancellable) => Promise<T>): (cancel: Cancellable) => Promise<T> {
  let doing: Promise<T> | undefined;
  return async (cancel) => {
    doing ??= work(cancel);
    try {
      return await doing;
    } catch (error) {
      doing = undefined;
      throw error;
    }
  };
}
