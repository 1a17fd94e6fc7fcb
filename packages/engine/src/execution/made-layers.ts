import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  digestBytes,
  digestHex,
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
import { z } from "zod";
import { EngineError } from "../errors.ts";
import { adoptLayer, chainIdOfAll, unpackedLayer } from "../snapshot/layers.ts";
import { asidePath, sweepAsides } from "../run/asides.ts";

/**
 * The layers that steps made, under Cooper's home: `build/steps/KEY` says which layer a step gave,
 * `build/blobs/HEX` is a layer as it goes into images. What a command wrote stays unpacked, where the
 * next step finds it, and is compressed only when an image wants it.
 */
export class MadeLayers {
  readonly #home: string;
  readonly #directory: string;

  constructor(home: string) {
    this.#home = home;
    this.#directory = join(home, "build");
    for (const name of ["steps", "blobs", "caches"])
      mkdirSync(join(this.#directory, name), { recursive: true });
    sweepAsides(this.#directory);
  }

  /** Keeps everybody else from making what this key stands for. */
  async lock(key: Digest, options: Cancellable): Promise<Held> {
    return await lockPath(`${this.#stepPath(key)}.lock`, {
      mode: "exclusive",
      kind: "file",
      signal: options.signal,
    });
  }

  /** What a step gave before, if it is still there. `below` is what a command's layer lies on. */
  recall(key: Digest, below: readonly DiffId[]): Layer | undefined {
    const record = recordSchema.safeParse(parsed(readIfThere(this.#stepPath(key)))).data;
    if (record === undefined) return undefined;
    const diffId = parseDiffId(record.diffId);
    if (record.kind === "blob") return this.#blob(diffId);
    const directory = unpackedLayer(this.#home, [...below, diffId]);
    if (directory === undefined || !existsSync(directory)) return this.#blob(diffId);
    return this.#unpacked(directory, diffId);
  }

  /** Keeps a tar as what a step gave. */
  async keepTar(key: Digest, tar: ByteStream, options: Cancellable): Promise<Layer> {
    const layer = await this.#compress(tar, undefined, options);
    this.#remember(key, { kind: "blob", diffId: await layer.diffId() });
    return layer;
  }

  /**
   * Keeps a directory that a command wrote over `below` as what its step gave. Its times are those that
   * the layer has, so that the next step sees what a container of the image will.
   */
  async keepDirectory(
    key: Digest,
    directory: string,
    below: readonly DiffId[],
    options: Cancellable,
  ): Promise<Layer> {
    const { stream, hex } = tally(packDirectory(directory, { overlay: "oci", ...options }));
    for await (const _ of stream) continue;
    const diffId = parseDiffId(digestOf("sha256", hex()));
    await adoptLayer(directory, diffId, chainIdOfAll(below), { home: this.#home, ...options });
    this.#remember(key, { kind: "directory", diffId });
    const layer = this.recall(key, below);
    if (layer === undefined) throw new Error("unreachable: the directory was placed a moment ago");
    return layer;
  }

  /** A directory that stays from build to build, under `parent` or where all are. */
  cacheDirectory(id: string, parent: string = join(this.#directory, "caches")): string {
    return join(parent, digestHex(digestBytes(Buffer.from(id))).slice(0, 32));
  }

  #unpacked(directory: string, diffId: DiffId): Layer {
    const known = this.#blob(diffId);
    if (known !== undefined) return known;
    const mediaType = layerMediaType("oci", "gzip");
    const tar = (cancel: Cancellable = {}): ByteStream =>
      packDirectory(directory, { overlay: "oci", ...cancel });
    // Whoever first wants it compressed keeps it for all others.
    let making: Promise<Layer> | undefined;
    const blob = async (cancel: Cancellable): Promise<Layer> => {
      making ??= this.#compress(tar(cancel), diffId, cancel);
      try {
        return await making;
      } catch (error) {
        making = undefined;
        throw error;
      }
    };
    return {
      mediaType,
      known: () => this.#blob(diffId)?.known(),
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
    const aside = asidePath(this.#directory);
    try {
      await writeFileAtomic(aside, blob.stream, options);
      const diffId = parseDiffId(digestOf("sha256", content.hex()));
      if (expected !== undefined && diffId !== expected) {
        throw new EngineError("LAYER_CHANGED", `the unpacked layer ${expected} is now ${diffId}`, {
          advice: "Something changed files under COOPER_HOME: cooper store prune removes what is unpacked.",
        });
      }
      const path = this.#blobPath(diffId);
      renameSync(aside, path);
      this.#write(`${path}.json`, { digest: digestOf("sha256", blob.hex()), size: blob.size() });
      const layer = this.#blob(diffId);
      if (layer === undefined) throw new Error("unreachable: the blob was placed a moment ago");
      return layer;
    } finally {
      rmSync(aside, { force: true });
    }
  }

  #blob(diffId: DiffId): Layer | undefined {
    const path = this.#blobPath(diffId);
    const record = blobSchema.safeParse(parsed(readIfThere(`${path}.json`))).data;
    if (record === undefined || !existsSync(path)) return undefined;
    const mediaType = layerMediaType("oci", "gzip");
    return layerFromBlob({
      descriptor: { mediaType, digest: parseDigest(record.digest), size: record.size },
      diffId,
      open: (cancel) => readFileStream(path, cancel),
    });
  }

  #remember(key: Digest, record: z.infer<typeof recordSchema>): void {
    this.#write(this.#stepPath(key), record);
  }

  #write(path: string, value: unknown): void {
    const aside = asidePath(this.#directory);
    writeFileSync(aside, JSON.stringify(value));
    renameSync(aside, path);
  }

  #stepPath(key: Digest): string {
    return join(this.#directory, "steps", digestHex(key));
  }

  #blobPath(diffId: DiffId): string {
    return join(this.#directory, "blobs", digestHex(diffId));
  }
}

const recordSchema = z.object({ kind: z.enum(["blob", "directory"]), diffId: z.string() });
const blobSchema = z.object({ digest: z.string(), size: z.number() });

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // nothing is remembered
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // nothing, or what a crash cut short
  }
}
