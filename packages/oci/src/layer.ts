import { decompress, detectCompression, discard, tally, verified } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import type { Descriptor } from "./descriptor.ts";
import { checkableAlgorithm, diffIdOfUncompressed, digestOf, parseDiffId } from "./digest.ts";
import type { DiffId } from "./digest.ts";
import { OciError } from "./errors.ts";
import { compressionOfMediaType, isLayerType } from "./media-types.ts";
import type { Layer } from "./model.ts";
import { remember } from "./remember.ts";

/** What a source really knows of a layer that it has: `completeLayer` derives the rest. */
export interface LayerCore {
  readonly descriptor: Descriptor;
  /** The bytes as they are stored, fresh each time, checked against the descriptor by the source. */
  readonly open: (options: Cancellable) => ByteStream;
  /** The diffID if the source knows it, as a config does; without it, asking for it reads the layer. */
  readonly diffId?: DiffId | undefined;
}

/**
 * A layer from what its source knows. `tar()` and `diffId()` fail for a blob that is no filesystem
 * layer (`NOT_AN_IMAGE`), and where the tar has another diffID than promised (`DIFF_ID_MISMATCH`).
 */
export function completeLayer(core: LayerCore): Layer {
  const { descriptor } = core;
  let diffId = core.diffId;

  const tar = (options: Cancellable = {}): ByteStream => {
    if (!isLayerType(descriptor.mediaType)) throw notALayer(descriptor);
    return uncompressed(core.open(options), descriptor, diffId, options, (actual) => {
      diffId ??= actual;
    });
  };

  const findDiffId = remember(async (options) => {
    if (compressionOfMediaType(descriptor.mediaType) === undefined) throw notALayer(descriptor);
    for await (const _ of tar(options)) continue;
    if (diffId === undefined) throw new Error("unreachable: a tar that was read to its end has a diffID");
    return diffId;
  });

  return {
    mediaType: descriptor.mediaType,
    known: () => descriptor,
    knownDiffId: () => diffId,
    descriptor: async () => descriptor,
    open: (options = {}) => core.open(options),
    diffId: async (options) => diffId ?? (await findDiffId(options)),
    tar,
  };
}

/** As `completeLayer`, from bytes that nobody has checked, such as those of a plain file. */
export function layerFromBlob(core: LayerCore): Layer {
  return completeLayer({ ...core, open: (options) => verified(core.open(options), core.descriptor) });
}

/** Tells the diffID at the end, or throws if it is not the promised one. Hashes nothing twice. */
async function* uncompressed(
  stored: ByteStream,
  descriptor: Descriptor,
  promised: DiffId | undefined,
  options: Cancellable,
  tell: (diffId: DiffId) => void,
): ByteStream {
  const { compression, stream } = await detectCompression(stored);
  if (compression === "none") {
    // Whoever gives the bytes has checked them against this very hash.
    const diffId = diffIdOfUncompressed(descriptor.digest);
    if (promised === undefined || promised === diffId) {
      yield* stream;
      tell(diffId);
      return;
    }
  }
  const algorithm = promised === undefined ? "sha256" : await algorithmFor(promised, stream);
  const { stream: content, hex } = tally(decompress(stream, options), algorithm);
  yield* content;
  const actual = parseDiffId(digestOf(algorithm, hex()));
  if (promised !== undefined && actual !== promised) throw wrongDiffId(descriptor, promised, actual);
  tell(actual);
}

async function algorithmFor(
  diffId: DiffId,
  stream: ByteStream,
): Promise<ReturnType<typeof checkableAlgorithm>> {
  try {
    return checkableAlgorithm(diffId);
  } catch (error) {
    await discard(stream);
    throw error;
  }
}

function wrongDiffId({ digest }: Descriptor, expected: DiffId, actual: DiffId): OciError {
  return new OciError(
    "DIFF_ID_MISMATCH",
    `the layer ${digest} has the diffID ${actual}, but the config says ${expected}`,
    {
      fields: { digest, expected, actual },
      advice: "The config belongs to other layers: whoever made the image must make it again.",
    },
  );
}

function notALayer({ mediaType, digest }: Descriptor): OciError {
  return new OciError("NOT_AN_IMAGE", `${digest} is no filesystem layer: its media type is ${mediaType}`, {
    fields: { digest, mediaType },
    advice: "Read its bytes as they are stored.",
  });
}
