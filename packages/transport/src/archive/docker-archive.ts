import { fromBytes, verified } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { digestBytes, isIndexType, MAX_CONFIG_BYTES } from "@cooper/oci";
import type { Descriptor, Digest } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import { isDescriptor } from "../layout/index-file.ts";
import { LayoutRepository } from "../layout/repository.ts";
import type { ByteRange, Repository, Selector } from "../repository.ts";
import { type AssembledImage, assembleImage } from "./docker-image.ts";
import { assembleLegacy, readRepositories } from "./docker-legacy.ts";
import { chooseImages, type DockerImage, readDockerManifest } from "./docker-manifest.ts";
import type { TarFiles } from "./tar-files.ts";

/** An image of an archive: how it is named there, and what gives it. */
interface Choice {
  readonly tags: readonly string[];
  open(options: Cancellable): Promise<Opened>;
}

interface Opened {
  readonly descriptor: Descriptor;
  readonly assembled?: AssembledImage;
}

/**
 * Reads what `docker save`, podman, skopeo and others write, of any age. Where the archive is also
 * an OCI layout and the layout has the image whole, its digest is the layout's; else a manifest is
 * made for it.
 */
export class DockerArchive implements Repository {
  readonly name: string;
  readonly #tar: TarFiles;
  readonly #layout: LayoutRepository;
  readonly #choices: readonly Choice[];
  readonly #images: readonly DockerImage[];
  readonly #assembled = new Map<Digest, AssembledImage>();

  private constructor(tar: TarFiles, images: readonly DockerImage[], choices: readonly Choice[]) {
    this.name = tar.name;
    this.#tar = tar;
    this.#layout = new LayoutRepository(tar);
    this.#images = images;
    this.#choices = choices;
  }

  /** Takes the tar over, and closes it also after a fault. `ARCHIVE_INVALID` */
  static async open(tar: TarFiles): Promise<DockerArchive> {
    try {
      const images = await readDockerManifest(tar);
      const legacy = images === undefined ? await readRepositories(tar) : undefined;
      const layout = new LayoutRepository(tar);
      const choices: readonly Choice[] =
        images?.map((image) => ({
          tags: image.tags,
          open: async (options) => await openImage(tar, layout, image, options),
        })) ??
        legacy?.map((image) => ({
          tags: [image.tag],
          open: async (options) => {
            const assembled = await assembleLegacy(tar, image, options);
            return { descriptor: assembled.descriptor, assembled };
          },
        })) ??
        [];
      if (choices.length === 0 && (await layout.index()).manifests.length === 0) {
        throw new TransportError("ARCHIVE_INVALID", `${tar.name} holds no image`, {
          fields: { path: tar.name },
          advice: "A Docker archive has a manifest.json, or a file repositories if it is old.",
        });
      }
      const shown = images ?? legacy?.map(({ tag }) => ({ config: "", layers: [], tags: [tag] })) ?? [];
      return new DockerArchive(tar, shown, choices);
    } catch (error) {
      await tar.close();
      throw error;
    }
  }

  async resolve(selector: Selector, options: Cancellable = {}): Promise<Descriptor> {
    if (this.#choices.length === 0) return await this.#layout.resolve(selector, options);
    if ("tag" in selector) {
      const [image] = chooseImages(this.#images, selector.tag);
      const choice = image === undefined ? undefined : this.#choices[this.#images.indexOf(image)];
      if (choice !== undefined) return await this.#open(choice, options);
      throw this.#notFound(selector.tag);
    }
    for (const choice of this.#choices) {
      const descriptor = await this.#open(choice, options);
      if (descriptor.digest === selector.digest) return descriptor;
    }
    return await this.#layout.resolve(selector, options);
  }

  /** The only image, where none is named. `REFERENCE_AMBIGUOUS` */
  async resolveOnly(options: Cancellable = {}): Promise<Descriptor> {
    const [only, ...others] = this.#choices;
    if (only === undefined) return await this.#layout.resolveOnly();
    if (others.length === 0) return await this.#open(only, options);
    const names = this.#choices.map(({ tags }, i) => tags[0] ?? `@${i}`).join(", ");
    throw new TransportError("REFERENCE_AMBIGUOUS", `${this.name} holds several images: ${names}`, {
      fields: { path: this.name, images: this.#choices.length },
      advice: `Name one: ${this.name}:NAME:TAG, or ${this.name}:@0 for the first.`,
      kind: "usage",
    });
  }

  async manifest(descriptor: Descriptor, options: Cancellable = {}): Promise<Uint8Array> {
    const assembled = this.#assembled.get(descriptor.digest);
    return assembled === undefined ? await this.#layout.manifest(descriptor, options) : assembled.raw;
  }

  blob(descriptor: Descriptor, options: Cancellable & { readonly range?: ByteRange } = {}): ByteStream {
    const place = this.#placeOf(descriptor.digest);
    if (place === undefined) return this.#layout.blob(descriptor, options);
    const { range } = options;
    if ("bytes" in place) {
      const { bytes } = place;
      return range === undefined
        ? verified(fromBytes(bytes), descriptor)
        : fromBytes(bytes.subarray(range.offset, range.offset + range.length));
    }
    const stream = this.#tar.stream(place.path, options);
    return range === undefined ? verified(stream, descriptor) : stream;
  }

  async hasBlob(descriptor: Descriptor, options: Cancellable = {}): Promise<boolean> {
    return (
      this.#placeOf(descriptor.digest) !== undefined || (await this.#layout.hasBlob(descriptor, options))
    );
  }

  async *tags(): AsyncIterable<string> {
    yield* [...new Set(this.#choices.flatMap(({ tags }) => tags))].toSorted();
  }

  async referrers(digest: Digest, options: Cancellable = {}): Promise<readonly Descriptor[]> {
    return await this.#layout.referrers(digest, options);
  }

  async close(): Promise<void> {
    await this.#tar.close();
  }

  #placeOf(digest: Digest): { readonly path: string } | { readonly bytes: Uint8Array } | undefined {
    for (const { places } of this.#assembled.values()) {
      const place = places.get(digest);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  async #open(choice: Choice, options: Cancellable): Promise<Descriptor> {
    const { descriptor, assembled } = await choice.open(options);
    if (assembled !== undefined) this.#assembled.set(descriptor.digest, assembled);
    return descriptor;
  }

  #notFound(tag: string): TransportError {
    const names = this.#choices.flatMap(({ tags }) => tags);
    return new TransportError("NOT_FOUND", `${this.name} has no image ${tag}`, {
      fields: { path: this.name },
      advice:
        names.length === 0
          ? "Its images have no names: write @0 for the first."
          : `It has: ${names.join(", ")}.`,
    });
  }
}

async function openImage(
  tar: TarFiles,
  layout: LayoutRepository,
  image: DockerImage,
  options: Cancellable,
): Promise<Opened> {
  const original = await findInLayout(tar, layout, image);
  if (original !== undefined) return { descriptor: original };
  const assembled = await assembleImage(tar, image, options);
  return { descriptor: assembled.descriptor, assembled };
}

/**
 * The image in the layout that the archive may also be. Docker 25.0.0 wrote a manifest without
 * layers there (moby#47065), other versions list platforms whose blobs are not in the archive: only
 * what is whole counts, and of an index with gaps the one image that is not a gap.
 */
async function findInLayout(
  tar: TarFiles,
  layout: LayoutRepository,
  image: DockerImage,
): Promise<Descriptor | undefined> {
  const config = await tar.read(image.config, MAX_CONFIG_BYTES);
  if (config === undefined) return undefined;
  const configDigest = digestBytes(config);
  const { manifests } = await layout.index().catch(() => ({ manifests: [] }));
  for (const entry of manifests) {
    let found: Descriptor | undefined;
    let isWhole = true;
    for await (const [descriptor, facts] of layout.walk([entry])) {
      const parts = await Promise.all(facts.names.map(async (part) => await layout.hasBlob(part)));
      const hasAll = parts.every(Boolean);
      isWhole &&= hasAll;
      if (isIndexType(descriptor.mediaType)) continue;
      const [first, ...layers] = facts.names;
      if (hasAll && first?.digest === configDigest && layers.length === image.layers.length)
        found = descriptor;
    }
    if (found !== undefined && isDescriptor(entry)) {
      const { annotations: _names, ...plain } = isWhole ? entry : found;
      return plain;
    }
  }
  return undefined;
}
