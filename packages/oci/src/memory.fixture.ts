import { gzipSync, zstdCompressSync } from "node:zlib";
import { collect, fromBytes, verified, writeTar } from "@cooper/archive";
import type { ByteStream, TarInput } from "@cooper/archive";
import {
  describeBytes,
  digestBytes,
  isManifestType,
  layerMediaType,
  MEDIA_TYPES,
  openContent,
} from "./index.ts";
import type {
  Annotations,
  Content,
  ContentReader,
  Descriptor,
  Format,
  HistoryEntry,
  Image,
  Index,
  LayerCompression,
  Platform,
} from "./index.ts";

/** Members of a layer: a path ending in a slash is a directory; text is a file's; an object gives all. */
export type Files = Readonly<Record<string, string | Omit<TarInput, "path">>>;

export interface StoredOptions {
  readonly layers?: readonly Files[];
  readonly compression?: LayerCompression;
  readonly format?: Format;
  readonly platform?: Platform;
  readonly config?: object;
  readonly history?: readonly HistoryEntry[];
  readonly manifest?: object;
}

export const AMD64: Platform = { os: "linux", architecture: "amd64" };
export const ARM64: Platform = { os: "linux", architecture: "arm64", variant: "v8" };

/** Content in memory that checks what it gives, as each source must, and counts what is read. */
export class MemoryStore implements ContentReader {
  readonly bytes: Map<string, Uint8Array> = new Map();
  /** The digest of each blob that was opened, in order. */
  readonly opened: string[] = [];

  put(mediaType: string, content: Uint8Array | object): Descriptor {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
    const descriptor = describeBytes(mediaType, bytes);
    this.bytes.set(descriptor.digest, bytes);
    return descriptor;
  }

  async manifest({ digest }: Descriptor): Promise<Uint8Array> {
    const bytes = this.bytes.get(digest);
    if (bytes === undefined) throw new Error(`there is no manifest ${digest}`);
    return bytes;
  }

  blob(descriptor: Descriptor): ByteStream {
    this.opened.push(descriptor.digest);
    const bytes = this.bytes.get(descriptor.digest);
    if (bytes === undefined) throw new Error(`there is no blob ${descriptor.digest}`);
    return verified(fromBytes(bytes), descriptor);
  }

  /** An image put together by hand, and not by what is tested. */
  async image(options: StoredOptions = {}): Promise<Image> {
    return asImage(openContent(this, await this.putImage(options)));
  }

  async putImage(options: StoredOptions = {}): Promise<Descriptor> {
    const {
      layers = [{ "a.txt": "one" }, { "b.txt": "two" }],
      compression = "gzip",
      format = "oci",
    } = options;
    const { platform = AMD64 } = options;
    const tars = await Promise.all(layers.map(tarOf));
    const config = this.put(MEDIA_TYPES[format].config, {
      created: "2024-05-06T07:08:09Z",
      ...platform,
      config: { Env: ["PATH=/bin"], Labels: { kept: "yes" }, "x-run": [1] },
      rootfs: { type: "layers", diff_ids: tars.map((tar) => digestBytes(tar)) },
      history: options.history ?? tars.map((_, i) => ({ created_by: `step ${i}` })),
      "x-config": { deep: true },
      ...options.config,
    });
    const { manifest: mediaType } = MEDIA_TYPES[format];
    const descriptor = this.put(mediaType, {
      schemaVersion: 2,
      mediaType,
      config,
      layers: tars.map((tar) => this.put(layerMediaType(format, compression), compressed(tar, compression))),
      "x-manifest": "kept",
      ...options.manifest,
    });
    return { ...descriptor, platform };
  }

  /** An index of images for two platforms, each with an attestation, and one artifact. */
  async index(options: StoredOptions = {}): Promise<Index> {
    const images: Descriptor[] = [];
    for (const platform of [AMD64, ARM64]) {
      const files = { [`for-${platform.architecture}`]: platform.architecture };
      images.push(
        await this.putImage({ ...options, platform, layers: options.layers ?? [{ base: "b" }, files] }),
      );
    }
    const artifact = this.put(MEDIA_TYPES.oci.manifest, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.oci.manifest,
      artifactType: "application/vnd.example.thing",
      config: this.put(MEDIA_TYPES.oci.empty, Buffer.from("{}")),
      layers: [this.put("text/plain", Buffer.from("an artifact"))],
    });
    return asIndex(
      this.openIndex([
        ...images,
        ...images.map(({ digest }) => this.attestation(digest)),
        { ...artifact, artifactType: "application/vnd.example.thing" },
      ]),
    );
  }

  openIndex(manifests: readonly Descriptor[], annotations: Annotations = { top: "kept" }): Content {
    const mediaType = MEDIA_TYPES.oci.index;
    const index = { schemaVersion: 2, mediaType, manifests, annotations, "x-index": 1 };
    return openContent(this, this.put(mediaType, index));
  }

  attestation(digest: string): Descriptor {
    const statement = Buffer.from(JSON.stringify({ about: digest }));
    const descriptor = this.put(MEDIA_TYPES.oci.manifest, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.oci.manifest,
      config: this.put(MEDIA_TYPES.oci.config, {
        os: "unknown",
        architecture: "unknown",
        rootfs: { type: "layers", diff_ids: [digestBytes(statement)] },
      }),
      layers: [this.put("application/vnd.in-toto+json", statement)],
    });
    return {
      ...descriptor,
      annotations: {
        "vnd.docker.reference.digest": digest,
        "vnd.docker.reference.type": "attestation-manifest",
      },
      platform: { os: "unknown", architecture: "unknown" },
    };
  }

  /** Writes content as a transport does, each layer streamed once, and opens what was written. */
  async rewrite<Given extends Content>(content: Given): Promise<Given extends Image ? Image : Index>;
  async rewrite(content: Content): Promise<Content> {
    await this.write(content);
    return openContent(this, await content.descriptor());
  }

  async write(content: Content): Promise<void> {
    if (content.kind === "index") {
      for (const child of await content.children()) await this.write(child);
    } else {
      for (const layer of await content.layers()) {
        const blob = await collect(layer.open(), { limit: 2 ** 28 });
        this.bytes.set((await layer.descriptor()).digest, blob);
      }
      const { config } = await content.manifest();
      this.bytes.set(config.digest, await content.rawConfig());
    }
    this.bytes.set(await content.digest(), await content.raw());
  }
}

export async function tarOf(files: Files): Promise<Buffer> {
  const members = Object.entries(files).map(([path, file]): TarInput => {
    if (path.endsWith("/") && file === "") return { path: path.slice(0, -1), type: "directory" };
    return typeof file === "string" ? { path, type: "file", bytes: Buffer.from(file) } : { ...file, path };
  });
  return await collect(writeTar(members), { limit: 2 ** 28 });
}

export function asImage(content: Content): Image {
  if (content.kind !== "image") throw new Error("this is no image");
  return content;
}

export function asIndex(content: Content): Index {
  if (content.kind !== "index") throw new Error("this is no index");
  return content;
}

/** The images of an index, without attestations and artifacts. */
export async function imagesOf(index: Index): Promise<readonly Image[]> {
  const { manifests } = await index.manifest();
  const found: Image[] = [];
  for (const entry of manifests) {
    if (entry.platform === undefined || entry.platform.os === "unknown") continue;
    if (isManifestType(entry.mediaType)) found.push(asImage(await index.child(entry)));
  }
  return found;
}

function compressed(tar: Buffer, compression: LayerCompression): Buffer {
  if (compression === "gzip") return gzipSync(tar);
  return compression === "zstd" ? zstdCompressSync(tar) : tar;
}
