import { decompress, detectCompression, readTarBatches, tally } from "@cooper/archive";
import type { ByteStream, Cancellable, Compression } from "@cooper/archive";
import type { Descriptor } from "../descriptor.ts";
import { digestAlgorithm, digestOf } from "../digest.ts";
import type { DiffId } from "../digest.ts";
import { compressionOfMediaType, isLayerType } from "../media-types.ts";
import type { Layer } from "../model.ts";
import { messageOf } from "./mismatch.ts";
import type { Report } from "./mismatch.ts";

/** What a layer's bytes are, whatever anyone says of them. */
export interface LayerFacts {
  readonly digest?: string | undefined;
  readonly size: number;
  readonly compression?: Compression | undefined;
  readonly diffId?: string | undefined;
  /** Why it could not be read to its end as a tar. */
  readonly fault?: string | undefined;
}

/**
 * Reads a layer's bytes once: both hashes, the compression and the tar come from that one passing.
 * `expected` tells which hash functions to use.
 */
export async function readLayer(
  layer: Layer,
  expected: { readonly digest?: string | undefined; readonly diffId?: DiffId | undefined },
  options: Cancellable,
): Promise<LayerFacts> {
  const algorithm = algorithmOf(expected.digest);
  const blob = tally(opening(layer, options), algorithm);
  const stored = open(blob.stream);
  const faults: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      options.signal?.throwIfAborted();
      faults.push(error);
    }
  };
  let compression: Compression | undefined;
  let diffId: (() => string) | undefined;
  if (isLayerType(layer.mediaType)) {
    await attempt(async () => {
      const detected = await detectCompression(stored.lent);
      compression = detected.compression;
      const diffAlgorithm = algorithmOf(expected.diffId);
      // The same bytes under the same function have the same hash.
      const content =
        compression === "none" && diffAlgorithm === algorithm
          ? { ...blob, stream: detected.stream }
          : tally(decompress(detected.stream, options), diffAlgorithm);
      const tar = open(content.stream);
      await attempt(async () => {
        for await (const _ of readTarBatches(tar.lent, options)) continue;
      });
      await tar.drain();
      diffId = () => digestOf(diffAlgorithm, content.hex());
    });
  }
  await attempt(stored.drain);
  const [fault] = faults;
  return {
    digest: ended(() => digestOf(algorithm, blob.hex())),
    size: blob.size(),
    compression,
    diffId: ended(() => diffId?.()),
    ...(fault === undefined ? {} : { fault: messageOf(fault) }),
  };
}

/** Compares what a layer is with what is said of it. */
export function compareLayer(
  report: Report,
  facts: LayerFacts,
  descriptor: Descriptor,
  diffId: DiffId | undefined,
): void {
  // Without a digest the stream itself did not come to its end.
  if (facts.fault !== undefined && facts.digest === undefined) {
    report.add("unreadable", `open() fails: ${facts.fault}`);
  } else if (facts.fault !== undefined) {
    report.add("tar", `the tar cannot be read: ${facts.fault}`);
  }
  if (facts.digest !== undefined) {
    report.compare("size", ["descriptor().size", descriptor.size], ["bytes of open()", facts.size]);
    if (facts.digest.startsWith(`${digestAlgorithm(descriptor.digest)}:`)) {
      report.compare("digest", ["descriptor().digest", descriptor.digest], ["hash of open()", facts.digest]);
    } else {
      report.add("digest", `descriptor().digest=${descriptor.digest}, which cannot be checked`);
    }
  }
  const told = compressionOfMediaType(descriptor.mediaType);
  if (told !== undefined && facts.compression !== undefined) {
    report.compare(
      "compression",
      [`compression of ${descriptor.mediaType}`, told],
      ["of open()", facts.compression],
    );
  }
  if (diffId !== undefined && facts.diffId !== undefined) {
    report.compare("diff-id", ["diffId()", diffId], ["hash of tar()", facts.diffId]);
  }
}

function algorithmOf(digest: string | undefined): "sha256" | "sha512" {
  return digest?.startsWith("sha512:") === true ? "sha512" : "sha256";
}

/** A hash is known only if the stream came to its end. */
function ended(ask: () => string | undefined): string | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** A source that cannot open at all fails like one that cannot go on. */
async function* opening(layer: Layer, options: Cancellable): ByteStream {
  yield* layer.open(options);
}

interface Opened {
  /** The stream for somebody who may stop early: it stays open. */
  readonly lent: ByteStream;
  /** Reads what was left. */
  readonly drain: () => Promise<void>;
}

function open(stream: ByteStream): Opened {
  const iterator = stream[Symbol.asyncIterator]();
  const lent: ByteStream = { [Symbol.asyncIterator]: () => ({ next: async () => await iterator.next() }) };
  return {
    lent,
    drain: async () => {
      for await (const _ of lent) continue;
    },
  };
}
