import {
  BLOCK_SIZE,
  encodeHeader,
  encodeTrailer,
  fromBytes,
  paddingOf,
  readFileStream,
  tally,
  verified,
} from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { digestAlgorithm, digestOf } from "@cooper/oci";
import type { Descriptor, Digest } from "@cooper/oci";
import { Lanes } from "../copy/lanes.ts";
import { spool } from "../durable/spool.ts";
import { TransportError } from "../errors.ts";
import { blobPath } from "../layout/files.ts";
import {
  EMPTY_INDEX_FILE,
  findTag,
  formatIndexFile,
  type IndexFile,
  tagOf,
  withEntry,
} from "../layout/index-file.ts";
import { type ManifestFacts, readFacts } from "../layout/manifest-facts.ts";
import type { ContentSource, Selector, WritableRepository } from "../repository.ts";
import type { Sink } from "./sink.ts";

/** A manifest that was put, and the name it was put under. */
export interface Put {
  readonly descriptor: Descriptor;
  readonly facts: ManifestFacts | undefined;
  readonly tag: string | undefined;
}

/**
 * Writes an OCI layout as one tar, each blob as it comes. The same blobs in the same order give the
 * same bytes. What is written cannot be read again here; nothing is visible before `finish`.
 */
export class ArchiveWriter implements WritableRepository {
  readonly name: string;
  protected readonly puts: Put[] = [];
  readonly #sink: Sink;
  readonly #written = new Map<string, number>();
  readonly #queue = new Lanes(1);
  #index: IndexFile = EMPTY_INDEX_FILE;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.name = sink.name;
  }

  async putBlob(descriptor: Descriptor, content: ContentSource, options: Cancellable = {}): Promise<void> {
    await this.#queue.run(async () => {
      if (this.#written.has(descriptor.digest)) return;
      await this.#begin(options);
      await this.#writeBlob(descriptor.digest, descriptor.size, verified(content(), descriptor), options);
    });
  }

  /** The header comes before the content and has its size: the content is put aside first. */
  async putUnknownBlob(
    content: ContentSource,
    options: Cancellable = {},
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    const counted = tally(content());
    const file = await spool(counted.stream, options);
    try {
      const digest = digestOf("sha256", counted.hex());
      const size = counted.size();
      const descriptor = { mediaType: "application/octet-stream", digest, size };
      await this.putBlob(descriptor, () => readFileStream(`/proc/self/fd/${file.fd}`), options);
      return { digest, size };
    } finally {
      await file.close();
    }
  }

  async putManifest(
    raw: Uint8Array,
    descriptor: Descriptor,
    options: Cancellable & { readonly tag?: string; readonly role?: "image" | "child" } = {},
  ): Promise<void> {
    await this.putBlob(descriptor, () => fromBytes(raw), options);
    const { tag, role } = options;
    const put = { descriptor, facts: readFacts(raw), tag };
    this.puts.push(put);
    if (role !== "child" || tag !== undefined) this.#index = this.list(this.#index, put);
  }

  /** Writes what comes last, and lets the archive appear. */
  async finish(options: Cancellable = {}): Promise<void> {
    await this.#begin(options);
    await this.#writeFile("index.json", formatIndexFile(this.#index), options);
    for (const [path, bytes] of this.lastFiles()) {
      await this.#writeFile(path, bytes, options);
    }
    await this.#sink.write(fromBytes(encodeTrailer()), options);
    await this.#sink.finish();
  }

  async abandon(): Promise<void> {
    await this.#sink.abandon();
  }

  /** `index.json` with a manifest in it. */
  protected list(index: IndexFile, { descriptor, facts, tag }: Put): IndexFile {
    const { mediaType, digest, size, platform } = descriptor;
    const entry: Descriptor = {
      mediaType,
      digest,
      size,
      ...(platform === undefined ? {} : { platform }),
      ...(facts?.subject === undefined
        ? {}
        : { artifactType: facts.artifactType, annotations: facts.annotations }),
    };
    return withEntry(index, entry, tag);
  }

  /** Further files, after `index.json`. */
  protected lastFiles(): readonly (readonly [path: string, bytes: Uint8Array])[] {
    return [];
  }

  async hasBlob(descriptor: Descriptor): Promise<boolean> {
    return this.#written.get(descriptor.digest) === descriptor.size;
  }

  async resolve(selector: Selector): Promise<Descriptor> {
    const found =
      "tag" in selector
        ? findTag(this.#index.manifests, selector.tag)
        : this.puts.find(({ descriptor }) => descriptor.digest === selector.digest)?.descriptor;
    if (found !== undefined) return found;
    const what = "tag" in selector ? selector.tag : selector.digest;
    throw new TransportError("NOT_FOUND", `${this.name} has no ${what} yet`);
  }

  async *tags(): AsyncIterable<string> {
    yield* this.#index.manifests.map(tagOf).filter((tag) => tag !== undefined);
  }

  async referrers(digest: Digest): Promise<readonly Descriptor[]> {
    return this.puts.filter(({ facts }) => facts?.subject === digest).map(({ descriptor }) => descriptor);
  }

  async manifest(): Promise<Uint8Array> {
    throw this.#unsupported("be read");
  }

  blob(): ByteStream {
    throw this.#unsupported("be read");
  }

  async deleteTag(): Promise<void> {
    throw this.#unsupported("have tags removed");
  }

  async deleteManifest(): Promise<void> {
    throw this.#unsupported("have manifests removed");
  }

  async close(): Promise<void> {
    await this.#sink.abandon();
  }

  async #begin(options: Cancellable): Promise<void> {
    if (this.#written.has("oci-layout")) return;
    await this.#writeFile("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'), options);
    await this.#writeDirectory("blobs", options);
  }

  async #writeBlob(digest: Digest, size: number, content: ByteStream, options: Cancellable): Promise<void> {
    await this.#writeDirectory(`blobs/${digestAlgorithm(digest)}`, options);
    await this.#writeMember(blobPath(digest), size, content, options);
    this.#written.set(digest, size);
  }

  async #writeDirectory(path: string, options: Cancellable): Promise<void> {
    if (this.#written.has(path)) return;
    this.#written.set(path, 0);
    await this.#sink.write(fromBytes(encodeHeader({ path, type: "directory" })), options);
  }

  async #writeFile(path: string, bytes: Uint8Array, options: Cancellable): Promise<void> {
    this.#written.set(path, bytes.byteLength);
    await this.#writeMember(path, bytes.byteLength, fromBytes(bytes), options);
  }

  async #writeMember(path: string, size: number, content: ByteStream, options: Cancellable): Promise<void> {
    await this.#sink.write(member(path, size, content), options);
  }

  #unsupported(what: string): TransportError {
    return new TransportError("UNSUPPORTED", `${this.name} cannot ${what} while it is being written`);
  }
}

const PADDING = Buffer.alloc(BLOCK_SIZE);

async function* member(path: string, size: number, content: ByteStream): ByteStream {
  yield encodeHeader({ path, type: "file", size });
  yield* content;
  yield Uint8Array.from(PADDING.subarray(0, paddingOf(size)));
}
