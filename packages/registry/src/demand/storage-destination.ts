import { observed, tally } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";
import type { Descriptor, Digest } from "@cooper/oci";
import { TransportError } from "@cooper/transport";
import type { ContentSource, Destination, Receiver, Selector } from "@cooper/transport";
import { inspectManifest } from "../manifest.ts";
import { algorithmOf, storableDigest } from "../names.ts";
import type { Storage } from "../storage/storage.ts";

export interface StorageDestinationOptions {
  readonly repository: string;
  readonly tag: string;
  /** Whether a blob that another repository has may be shared, whoever may see that one. */
  readonly sharing: "anywhere" | "never";
  /** Is told of every piece that is written; may throw to stop it. */
  readonly onBytes: (length: number) => void;
  /** Is told of every manifest, before it is stored. */
  readonly onManifest: (digest: Digest) => Promise<void>;
}

/** Lets `writeTo` put an image into a repository of the registry's own storage. */
export function storageDestination(storage: Storage, options: StorageDestinationOptions): Destination {
  return {
    repository: new StorageReceiver(storage, options),
    tag: options.tag,
    // A manifest may be there without what it names: clients may push such a one.
    manifestProvesBlobs: false,
    finish: async () => {},
    abandon: async () => {},
  };
}

class StorageReceiver implements Receiver {
  readonly #storage: Storage;
  readonly #options: StorageDestinationOptions;
  readonly name: string;

  constructor(storage: Storage, options: StorageDestinationOptions) {
    this.#storage = storage;
    this.#options = options;
    this.name = options.repository;
  }

  async resolve(selector: Selector): Promise<Descriptor> {
    const digest = "digest" in selector ? selector.digest : await this.#storage.tag(this.name, selector.tag);
    const manifest = digest === undefined ? undefined : await this.#storage.manifest(this.name, digest);
    if (digest !== undefined && manifest !== undefined) {
      return { mediaType: manifest.mediaType, digest, size: manifest.bytes.byteLength };
    }
    throw new TransportError("NOT_FOUND", `${this.name} has no ${JSON.stringify(selector)}`);
  }

  async hasBlob({ digest }: Descriptor): Promise<boolean> {
    if ((await this.#storage.blobSize(this.name, digest)) !== undefined) return true;
    if (this.#options.sharing === "never") return false;
    return await this.#storage.mountBlob(this.name, digest, undefined);
  }

  async putBlob({ digest }: Descriptor, content: ContentSource): Promise<void> {
    await this.#upload(content(), digest);
  }

  async putUnknownBlob(content: ContentSource): Promise<{ readonly digest: Digest; readonly size: number }> {
    const { stream, hex, size } = tally(content());
    const digest = await this.#upload(stream, () => storableDigest(`sha256:${hex()}`));
    return { digest, size: size() };
  }

  async putManifest(
    raw: Uint8Array,
    { digest, mediaType }: Descriptor,
    { tag }: { readonly tag?: string } = {},
  ): Promise<void> {
    const { subject } = inspectManifest(raw, mediaType);
    await this.#options.onManifest(digest);
    await this.#storage.putManifest(this.name, {
      digest,
      mediaType,
      bytes: raw,
      subject: subject === undefined ? undefined : storableDigest(subject),
      tags: tag === undefined ? [] : [tag],
    });
  }

  /** Takes a blob in; its digest may be known only when it has been read. */
  async #upload(stream: ByteStream, digest: Digest | (() => Digest)): Promise<Digest> {
    const algorithm = typeof digest === "string" ? algorithmOf(digest) : "sha256";
    const id = await this.#storage.startUpload(this.name, algorithm);
    try {
      const upload = await this.#storage.openUpload(this.name, id);
      if (upload === undefined) throw new TransportError("NOT_FOUND", `upload ${id} was taken away`);
      try {
        await upload.append(observed(stream, this.#options.onBytes));
        const actual = typeof digest === "string" ? digest : digest();
        await upload.finish(actual);
        return actual;
      } finally {
        await upload.release();
      }
    } catch (error) {
      await this.#storage.cancelUpload(this.name, id);
      throw error;
    }
  }
}
