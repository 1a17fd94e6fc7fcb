import { compress, sameBytes, tally } from "@cooper/archive";
import type { ByteStream, Cancellable, Tally } from "@cooper/archive";
import type { Annotations, Descriptor } from "./descriptor.ts";
import { digestOf, parseDiffId } from "./digest.ts";
import type { DiffId } from "./digest.ts";
import { OciError } from "./errors.ts";
import { layerMediaType } from "./media-types.ts";
import type { Format, LayerCompression } from "./media-types.ts";
import type { Layer } from "./model.ts";
import { remember } from "./remember.ts";

export interface LayerOptions {
  /** The uncompressed tar, fresh each time and always the same bytes. */
  readonly tar: (options: Cancellable) => ByteStream;
  /** Default gzip: what every registry and runtime takes. */
  readonly compression?: LayerCompression | undefined;
  /** As `compress` takes it. */
  readonly level?: number | undefined;
  /** Default oci. */
  readonly mediaTypes?: Format | undefined;
  /** For the layer's descriptor. */
  readonly annotations?: Annotations | undefined;
}

interface Made {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
}

/**
 * A layer that is still to be made. One streaming of `open()` makes it, and from then on it is known;
 * nothing is kept but its descriptor and diffID, and opening it again makes it again, which must give
 * the same bytes (`LAYER_CHANGED`). `UNREPRESENTABLE` for zstd with Docker's media types.
 */
export function makeLayer(options: LayerOptions): Layer {
  const { compression = "gzip", mediaTypes = "oci", annotations, level } = options;
  const mediaType = layerMediaType(mediaTypes, compression);
  let made: Made | undefined;

  const settle = (now: Made): void => {
    if (made === undefined) made = now;
    else if (made.descriptor.digest !== now.descriptor.digest || made.diffId !== now.diffId)
      throw changed(made, now);
  };

  const open = (cancel: Cancellable = {}): ByteStream => {
    const content = tally(options.tar(cancel));
    // Of an uncompressed layer both hashes are the same one.
    const blob =
      compression === "none" ? content : tally(compress(content.stream, { compression, level, ...cancel }));
    return sameBytes(settling(content, blob), blob.stream);
  };

  async function* settling(content: Tally, blob: Tally): ByteStream {
    yield* blob.stream;
    settle({
      diffId: parseDiffId(digestOf("sha256", content.hex())),
      descriptor: {
        mediaType,
        digest: digestOf("sha256", blob.hex()),
        size: blob.size(),
        ...(annotations === undefined ? {} : { annotations }),
      },
    });
  }

  async function* tar(cancel: Cancellable = {}): ByteStream {
    const { stream, hex } = tally(options.tar(cancel));
    yield* stream;
    const diffId = parseDiffId(digestOf("sha256", hex()));
    if (made !== undefined && made.diffId !== diffId) throw changed(made, { ...made, diffId });
  }

  const make = remember(async (cancel): Promise<Made> => {
    for await (const _ of open(cancel)) continue;
    if (made === undefined) throw new Error("unreachable: a layer that was made to its end is known");
    return made;
  });

  return {
    mediaType,
    known: () => made?.descriptor,
    knownDiffId: () => made?.diffId,
    descriptor: async (cancel) => (made ?? (await make(cancel))).descriptor,
    diffId: async (cancel) => (made ?? (await make(cancel))).diffId,
    open,
    tar,
  };
}

function changed(before: Made, after: Made): OciError {
  return new OciError(
    "LAYER_CHANGED",
    `a layer was made twice, and was ${before.diffId} the first time and ${after.diffId} the second`,
    {
      fields: { expected: before.diffId, actual: after.diffId },
      advice: "Leave the files that an image is made of alone until it is written, then try again.",
    },
  );
}
