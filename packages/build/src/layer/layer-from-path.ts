import { stat } from "node:fs/promises";
import {
  decompress,
  detectCompression,
  discard,
  packDirectory,
  readFileStream,
  readTar,
  tally,
} from "@cooper/archive";
import type { Cancellable, Compression } from "@cooper/archive";
import { digestOf, layerFromBlob, layerMediaType, makeLayer } from "@cooper/oci";
import type { Layer } from "@cooper/oci";
import { BuildError } from "../errors.ts";

export interface LayerFromPathOptions extends Cancellable {
  /** Seconds since 1970 that the files of a directory get. Default 0. */
  readonly epoch?: number | undefined;
}

/**
 * A layer of what lies at a path: of a directory its files, owned by root and all of one time; a tar
 * in gzip or zstd byte for byte; any other tar, also in xz or bzip2, compressed with gzip. The start
 * of a tar is read to see that it is one. `LAYER_MISSING`, `LAYER_INVALID`
 */
export async function layerFromPath(path: string, options: LayerFromPathOptions = {}): Promise<Layer> {
  const { epoch = 0, signal } = options;
  const status = await stat(path).catch((error: unknown) => {
    throw new BuildError("LAYER_MISSING", `there is no file or directory ${path}`, {
      cause: error,
      kind: "usage",
      fields: { path },
    });
  });
  if (status.isDirectory()) {
    const mtime = { set: { seconds: epoch, nanoseconds: 0 } };
    return makeLayer({
      tar: (cancel) => packDirectory(path, { owner: { uid: 0, gid: 0 }, mtime, ...cancel }),
    });
  }
  const compression = await compressionOfTar(path, { signal });
  if (compression === "gzip" || compression === "zstd") {
    const { stream, hex, size } = tally(readFileStream(path, { signal }));
    for await (const _ of stream) continue;
    return layerFromBlob({
      descriptor: {
        mediaType: layerMediaType("oci", compression),
        digest: digestOf("sha256", hex()),
        size: size(),
      },
      open: (cancel) => readFileStream(path, cancel),
    });
  }
  return makeLayer({ tar: (cancel) => decompress(readFileStream(path, cancel), cancel) });
}

async function compressionOfTar(path: string, options: Cancellable): Promise<Compression> {
  const { compression, stream } = await detectCompression(readFileStream(path, options));
  await discard(stream);
  try {
    for await (const _ of readTar(decompress(readFileStream(path, options), options), options)) break;
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new BuildError("LAYER_INVALID", `${path} is not a tar archive`, {
      cause: error,
      fields: { path },
      advice: "A layer is a tar, plain or in gzip, zstd, xz or bzip2, or a directory.",
    });
  }
  return compression;
}
