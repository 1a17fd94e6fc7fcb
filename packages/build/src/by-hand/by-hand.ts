import { statSync } from "node:fs";
import { packDirectory, sameBytes } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { makeImage, makeLayer, normalizePlatform } from "@cooper/oci";
import type { Image, Layer, Platform } from "@cooper/oci";
import { BuildError } from "../errors.ts";
import { makeRunConfig } from "./run-config.ts";
import type { StartOptions } from "./run-config.ts";
import { byHandScript, tarCommandFor } from "./script.ts";
import { imageSteps, layerSteps } from "./step.ts";
import type { ByHandStep } from "./step.ts";

export interface ByHandOptions extends StartOptions {
  readonly platform: Platform;
  /** Seconds since 1970: when the image, its history and all its files say that they were made. Default 0. */
  readonly epoch?: number | undefined;
  /** The tag that is told for `index.json`; default `latest`. */
  readonly tag?: string | undefined;
  /** Told each step: those of the layer when it has been read, the others by `tellRest`. */
  readonly onStep?: ((step: ByHandStep) => void) | undefined;
}

/** An image by hand, and the script that makes it again. */
export interface HandMade {
  /** Lazy: the directory is read when the image is written, and the layer's steps are told then. */
  readonly image: Image;
  /** Tells the steps of config, manifest and layout; makes the layer if it was not written yet. */
  readonly tellRest: (options?: Cancellable) => Promise<void>;
  /** The shell script that makes the same image; reads the directory if it was not written yet. */
  readonly script: (options?: Cancellable) => Promise<Buffer>;
}

/**
 * An image of a directory: one layer with its files, owned by root and all of one time, and a config
 * that says how to start it. The same files and options give the same digest on any machine.
 * `DIRECTORY_MISSING`, `OPTION_INVALID`; reading the image throws what `packDirectory` throws.
 */
export function byHand(directory: string, options: ByHandOptions): HandMade {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BuildError("DIRECTORY_MISSING", `${directory} is not a directory`, {
      kind: "usage",
      advice: "Name the directory that holds the image's files.",
      fields: { directory },
    });
  }
  const { epoch = 0, tag = "latest", onStep } = options;
  const mtime = { set: { seconds: epoch, nanoseconds: 0 } };
  let tarSize = 0;
  const plainLayer = makeLayer({
    tar: (cancel) =>
      counted(packDirectory(directory, { owner: ROOT, mtime, xattrs: "drop", ...cancel }), (size) => {
        tarSize = size;
      }),
  });
  const layer = toldLayer(plainLayer, async (cancel) => {
    const diffId = await plainLayer.diffId(cancel);
    const descriptor = await plainLayer.descriptor(cancel);
    const steps = layerSteps({ directory, tarSize, diffId, descriptor }, tarCommandFor(directory, epoch));
    for (const step of steps) onStep?.(step);
  });
  const created = new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
  const image = makeImage({
    config: {
      created,
      ...normalizePlatform(options.platform),
      config: makeRunConfig(options),
      history: [{ created, created_by: "cooper by-hand" }],
    },
    layers: [layer],
  });
  const tellRest = async (cancel: Cancellable = {}): Promise<void> => {
    const config = await image.rawConfig(cancel);
    const configDescriptor = (await image.manifest(cancel)).config;
    const manifest = await image.raw(cancel);
    const descriptor = await image.descriptor(cancel);
    for (const step of imageSteps({ config, configDescriptor, manifest, descriptor, tag })) onStep?.(step);
  };
  const script = async (cancel: Cancellable = {}): Promise<Buffer> =>
    byHandScript({
      directory,
      epoch,
      config: await image.rawConfig(cancel),
      diffId: await layer.diffId(cancel),
      manifest: await image.manifest(cancel),
      tag,
    });
  return { image, tellRest, script };
}

const ROOT = { uid: 0, gid: 0 };

type Tell = (cancel: Cancellable) => Promise<void>;

/** Told once, when the layer has been made: by whoever reads it to its end, or asks what it is. */
function toldLayer(layer: Layer, tell: Tell): Layer {
  const once = onlyOnce(tell);
  const open = (cancel: Cancellable = {}): ByteStream => {
    const stream = layer.open(cancel);
    return sameBytes(
      thenTold(stream, async () => await once(cancel)),
      stream,
    );
  };
  return {
    ...layer,
    open,
    descriptor: async (cancel = {}) => {
      const descriptor = await layer.descriptor(cancel);
      await once(cancel);
      return descriptor;
    },
    diffId: async (cancel = {}) => {
      const diffId = await layer.diffId(cancel);
      await once(cancel);
      return diffId;
    },
  };
}

async function* thenTold(stream: ByteStream, tellIt: () => Promise<void>): ByteStream {
  yield* stream;
  await tellIt();
}

function onlyOnce(tell: Tell): Tell {
  let told: Promise<void> | undefined;
  return async (cancel) => await (told ??= tell(cancel));
}

async function* counted(stream: ByteStream, tell: (size: number) => void): ByteStream {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    yield chunk;
  }
  tell(size);
}
