import { verified } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { digestBytes, isIndexType, MEDIA_TYPES } from "@cooper/oci";
import type { Descriptor, Digest, MediaType } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import type { ByteRange, Repository, Selector } from "../repository.ts";
import { blobPath, INDEX_LIMIT, type LayoutFiles, MANIFEST_LIMIT, tooLarge } from "./files.ts";
import {
  chooseOnly,
  EMPTY_INDEX_FILE,
  findTag,
  type IndexFile,
  namesOthers,
  parseIndexFile,
  tagOf,
  withoutNames,
} from "./index-file.ts";
import { type ManifestFacts, readFacts } from "./manifest-facts.ts";

/** Reads an OCI layout (image-spec, image-layout.md), wherever its files lie. */
export class LayoutRepository implements Repository {
  readonly name: string;
  protected readonly files: LayoutFiles;
  /** Manifests never change, so what was read of one stays true. */
  readonly #facts = new Map<Digest, ManifestFacts>();
  /** `index.json` where it is itself the image, by its digest. */
  readonly #wholeIndex = new Map<Digest, Buffer>();

  constructor(files: LayoutFiles) {
    this.files = files;
    this.name = files.name;
  }

  async resolve(selector: Selector, _options: Cancellable = {}): Promise<Descriptor> {
    const { manifests } = await this.index();
    if ("digest" in selector) {
      const found = await this.describe(selector.digest, manifests);
      if (found !== undefined) return found;
      throw notFound(this.name, selector.digest, manifests);
    }
    const found = findTag(manifests, selector.tag) ?? (await this.#nestedTag(manifests, selector.tag));
    if (found === undefined) throw notFound(this.name, `tag ${selector.tag}`, manifests);
    return withoutNames(found);
  }

  /**
   * The image that a reference without a tag means: the only one, or that tagged `latest`.
   * `NOT_FOUND`, `REFERENCE_AMBIGUOUS`
   */
  async resolveOnly(): Promise<Descriptor> {
    const { manifests, raw } = await this.#indexAndBytes();
    const referrers = new Set<Digest>();
    for (const entry of manifests) {
      if ((await this.facts(entry))?.subject !== undefined) referrers.add(entry.digest);
    }
    const choice = chooseOnly(manifests, (entry) => referrers.has(entry.digest));
    if (choice.found === "index.json") {
      const digest = digestBytes(raw);
      this.#wholeIndex.set(digest, raw);
      return { mediaType: MEDIA_TYPES.oci.index, digest, size: raw.byteLength };
    }
    if (choice.found !== undefined) return withoutNames(choice.found);
    if (choice.among.length === 0) throw notFound(this.name, "image", manifests);
    const names = choice.among.map((entry) => tagOf(entry) ?? entry.digest).join(", ");
    throw new TransportError("REFERENCE_AMBIGUOUS", `${this.name} holds several images: ${names}`, {
      fields: { path: this.name, images: choice.among.length },
      advice: `Name one: ${this.name}:TAG or ${this.name}@DIGEST.`,
      kind: "usage",
    });
  }

  async manifest(descriptor: Descriptor, options: Cancellable = {}): Promise<Uint8Array> {
    const whole = this.#wholeIndex.get(descriptor.digest);
    if (whole !== undefined) return whole;
    if (descriptor.size > MANIFEST_LIMIT) {
      throw tooLarge(this.name, blobPath(descriptor.digest), descriptor.size, MANIFEST_LIMIT);
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.blob(descriptor, options)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  blob(descriptor: Descriptor, options: Cancellable & { readonly range?: ByteRange } = {}): ByteStream {
    const bytes = this.#stored(descriptor, options);
    return options.range === undefined ? verified(bytes, descriptor) : bytes;
  }

  async *#stored({ digest }: Descriptor, options: Cancellable & { readonly range?: ByteRange }): ByteStream {
    const path = blobPath(digest);
    if ((await this.files.size(path)) === undefined) {
      throw new TransportError("NOT_FOUND", `${this.name} does not hold ${digest}`, {
        fields: { path: this.name, digest },
        advice: "The layout is not whole: copy the image again from where it came from.",
      });
    }
    yield* this.files.stream(path, options);
  }

  /** A file of another size is damaged: it counts as missing, and is written again. */
  async hasBlob(descriptor: Descriptor, _options: Cancellable = {}): Promise<boolean> {
    return (await this.files.size(blobPath(descriptor.digest))) === descriptor.size;
  }

  /** Whether there is a blob of this name, of whatever size. */
  async holds(digest: Digest): Promise<boolean> {
    return (await this.files.size(blobPath(digest))) !== undefined;
  }

  async *tags(_options: Cancellable = {}): AsyncIterable<string> {
    const { manifests } = await this.index();
    const tags = new Set(manifests.map(tagOf).filter((tag) => tag !== undefined));
    yield* [...tags].toSorted();
  }

  async referrers(
    digest: Digest,
    { artifactType }: Cancellable & { readonly artifactType?: MediaType } = {},
  ): Promise<readonly Descriptor[]> {
    const { manifests } = await this.index();
    const found = new Map<Digest, Descriptor>();
    for await (const [descriptor, facts] of this.walk(manifests)) {
      if (facts.subject !== digest) continue;
      found.set(descriptor.digest, {
        mediaType: descriptor.mediaType,
        digest: descriptor.digest,
        size: descriptor.size,
        ...(facts.artifactType === undefined ? {} : { artifactType: facts.artifactType }),
        ...(facts.annotations === undefined ? {} : { annotations: facts.annotations }),
      });
    }
    for (const entry of await this.#fallbackTag(manifests, digest)) {
      if (!found.has(entry.digest)) found.set(entry.digest, entry);
    }
    return [...found.values()].filter(
      (entry) => artifactType === undefined || entry.artifactType === artifactType,
    );
  }

  async close(): Promise<void> {
    await this.files.close();
  }

  /** `index.json` as it is now. */
  async index(): Promise<IndexFile> {
    return await this.#indexAndBytes();
  }

  async #indexAndBytes(): Promise<IndexFile & { readonly raw: Buffer }> {
    const raw = await this.files.read("index.json", INDEX_LIMIT);
    if (raw === undefined) return { ...EMPTY_INDEX_FILE, raw: Buffer.alloc(0) };
    return { ...parseIndexFile(raw, this.name), raw };
  }

  /** The descriptor of a manifest that is here, listed or not; undefined for other blobs. */
  async describe(digest: Digest, manifests: readonly Descriptor[] = []): Promise<Descriptor | undefined> {
    const listed = manifests.find((entry) => entry.digest === digest);
    if (listed !== undefined) return withoutNames(listed);
    const size = await this.files.size(blobPath(digest));
    if (size === undefined || size > MANIFEST_LIMIT) return undefined;
    const unknown = { mediaType: MEDIA_TYPES.oci.manifest, digest, size };
    const facts = await this.facts(unknown);
    return facts === undefined ? undefined : { ...unknown, mediaType: facts.mediaType };
  }

  /** What a manifest says; undefined where it is missing or none. */
  async facts(descriptor: Descriptor): Promise<ManifestFacts | undefined> {
    const known = this.#facts.get(descriptor.digest);
    if (known !== undefined) return known;
    if (descriptor.size > MANIFEST_LIMIT) return undefined;
    const raw = await this.files.read(blobPath(descriptor.digest), MANIFEST_LIMIT);
    const facts = raw === undefined ? undefined : readFacts(raw);
    if (facts !== undefined) this.#facts.set(descriptor.digest, facts);
    return facts;
  }

  /** Every manifest that can be reached from these, once, each before what it names. */
  async *walk(
    roots: readonly Descriptor[],
    seen: Set<Digest> = new Set(),
  ): AsyncGenerator<readonly [Descriptor, ManifestFacts], void, undefined> {
    const pending = [...roots];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (seen.has(next.digest)) continue;
      seen.add(next.digest);
      if (!namesOthers(next)) continue;
      const facts = await this.facts(next);
      if (facts === undefined) continue;
      yield [next, facts];
      pending.push(...facts.names);
    }
  }

  /** Some builders put one index into `index.json`, and the tags into that. */
  async #nestedTag(manifests: readonly Descriptor[], tag: string): Promise<Descriptor | undefined> {
    for (const entry of manifests.filter(({ mediaType }) => isIndexType(mediaType))) {
      const found = findTag((await this.facts(entry))?.names ?? [], tag);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Referrers as a registry without the referrers API keeps them (distribution-spec, "Referrers Tag Schema"). */
  async #fallbackTag(manifests: readonly Descriptor[], digest: Digest): Promise<readonly Descriptor[]> {
    const index = findTag(manifests, digest.replace(":", "-"));
    if (index === undefined || !isIndexType(index.mediaType)) return [];
    return (await this.facts(index))?.names ?? [];
  }
}

function notFound(name: string, what: string, manifests: readonly Descriptor[]): TransportError {
  const tags = manifests.map(tagOf).filter((tag) => tag !== undefined);
  return new TransportError("NOT_FOUND", `${name} has no ${what}`, {
    fields: { path: name },
    advice: tags.length === 0 ? "It holds no tagged image." : `It has: ${tags.slice(0, 20).join(", ")}.`,
  });
}
