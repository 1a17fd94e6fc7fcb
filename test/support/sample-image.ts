import { createHash, hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { collect, fromBytes, writeTar } from "@cooper/archive";
import { digestOf } from "@cooper/oci";
import type { Descriptor, Digest, Platform } from "@cooper/oci";
import type { WritableRepository } from "@cooper/transport";

/** A small image (or index, or artifact) in memory, put together by hand and not by what is tested. */
export interface SampleImage {
  readonly root: Descriptor;
  /** Children first, the root last. */
  readonly manifests: readonly { readonly descriptor: Descriptor; readonly raw: Buffer }[];
  readonly blobs: ReadonlyMap<Digest, { readonly descriptor: Descriptor; readonly bytes: Buffer }>;
}

export interface SampleOptions {
  /** Gives other bytes for each seed, and always the same for one. */
  readonly seed?: string;
  /** How many layers; default 2. */
  readonly layers?: number;
  /** Bytes of the file in each layer; default 3000. They do not compress. */
  readonly layerBytes?: number;
  readonly compression?: "none" | "gzip" | "zstd";
  readonly format?: "oci" | "docker";
  readonly platform?: Platform;
  /** The path of a static program: it is put into the root of the first layer, and is the entrypoint. */
  readonly program?: string;
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

const LAYER_TYPES = {
  oci: {
    none: "application/vnd.oci.image.layer.v1.tar",
    gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
    zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  },
  docker: {
    none: "application/vnd.docker.image.rootfs.diff.tar",
    gzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    zstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
  },
} as const;
const OTHER_TYPES = {
  oci: {
    manifest: "application/vnd.oci.image.manifest.v1+json",
    index: "application/vnd.oci.image.index.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
  },
  docker: {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
  },
} as const;

/** An image that skopeo, Docker and the others take for one. */
export async function sampleImage(options: SampleOptions = {}): Promise<SampleImage> {
  const { seed = "a", compression = "gzip", format = "oci", platform = LINUX } = options;
  const blobs = new Map<Digest, { readonly descriptor: Descriptor; readonly bytes: Buffer }>();
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const descriptor = describe(mediaType, bytes);
    blobs.set(descriptor.digest, { descriptor, bytes });
    return descriptor;
  };
  const diffIds: string[] = [];
  const layers: Descriptor[] = [];
  for (let i = 0; i < (options.layers ?? 2); i++) {
    const tar = await layerTar(
      `${seed}/${i}`,
      options.layerBytes ?? 3000,
      i === 0 ? options.program : undefined,
    );
    diffIds.push(`sha256:${hash("sha256", tar)}`);
    layers.push(add(LAYER_TYPES[format][compression], compressed(tar, compression)));
  }
  const config = add(
    OTHER_TYPES[format].config,
    json({
      created: "2020-01-01T00:00:00Z",
      ...platform,
      config: options.program === undefined ? {} : { Entrypoint: [`/${basename(options.program)}`] },
      rootfs: { type: "layers", diff_ids: diffIds },
      history: diffIds.map((_, i) => ({ created: "2020-01-01T00:00:00Z", created_by: `layer ${i}` })),
    }),
  );
  const raw = json({
    schemaVersion: 2,
    mediaType: OTHER_TYPES[format].manifest,
    config,
    layers,
    subject: options.subject,
    annotations: options.annotations,
  });
  const root = describe(OTHER_TYPES[format].manifest, raw);
  return { root: { ...root, platform }, manifests: [{ descriptor: root, raw }], blobs };
}

/** An index of images, each under its platform. */
export function sampleIndex(
  images: readonly SampleImage[],
  { format = "oci" }: Pick<SampleOptions, "format"> = {},
): SampleImage {
  const raw = json({
    schemaVersion: 2,
    mediaType: OTHER_TYPES[format].index,
    manifests: images.map(({ root }) => root),
  });
  const descriptor = describe(OTHER_TYPES[format].index, raw);
  return {
    root: descriptor,
    manifests: [...images.flatMap(({ manifests }) => manifests), { descriptor, raw }],
    blobs: new Map(images.flatMap(({ blobs }) => [...blobs])),
  };
}

/** An artifact that refers to another manifest, as a signature or an SBOM does. */
export function sampleReferrer(
  subject: Descriptor,
  { artifactType, text }: { readonly artifactType: string; readonly text: string },
): SampleImage {
  const empty = { ...describe("application/vnd.oci.empty.v1+json", Buffer.from("{}")) };
  const layer = describe("text/plain", Buffer.from(text));
  const { mediaType, digest, size } = subject;
  const raw = json({
    schemaVersion: 2,
    mediaType: OTHER_TYPES.oci.manifest,
    artifactType,
    config: empty,
    layers: [layer],
    subject: { mediaType, digest, size },
    annotations: { "org.example.note": text },
  });
  const descriptor = describe(OTHER_TYPES.oci.manifest, raw);
  return {
    root: descriptor,
    manifests: [{ descriptor, raw }],
    blobs: new Map([
      [empty.digest, { descriptor: empty, bytes: Buffer.from("{}") }],
      [layer.digest, { descriptor: layer, bytes: Buffer.from(text) }],
    ]),
  };
}

/** Puts a sample blob by blob, children before parents. */
export async function putSample(
  repository: WritableRepository,
  sample: SampleImage,
  tag?: string,
): Promise<Descriptor> {
  for (const { descriptor, bytes } of sample.blobs.values()) {
    await repository.putBlob(descriptor, () => fromBytes(bytes));
  }
  for (const { descriptor, raw } of sample.manifests) {
    const isRoot = descriptor.digest === sample.root.digest;
    await repository.putManifest(raw, descriptor, {
      role: isRoot ? "image" : "child",
      ...(isRoot && tag !== undefined ? { tag } : {}),
    });
  }
  return sample.root;
}

const LINUX: Platform = {
  os: "linux",
  architecture: process.arch === "x64" ? "amd64" : process.arch,
};

async function layerTar(seed: string, size: number, program: string | undefined): Promise<Buffer> {
  const members = [
    { path: "data", type: "directory" as const },
    { path: `data/${seed.replaceAll("/", "-")}`, type: "file" as const, bytes: noise(seed, size) },
    ...(program === undefined
      ? []
      : [{ path: basename(program), type: "file" as const, mode: 0o755, bytes: readFileSync(program) }]),
  ];
  return await collect(writeTar(members), { limit: 2 ** 30 });
}

/** Bytes that look random and are the same for the same seed. */
function noise(seed: string, size: number): Buffer {
  return createHash("shake256", { outputLength: Math.max(size, 1) })
    .update(seed)
    .digest()
    .subarray(0, size);
}

function compressed(tar: Buffer, compression: "none" | "gzip" | "zstd"): Buffer {
  if (compression === "gzip") return gzipSync(tar, { level: 1 });
  return compression === "zstd" ? zstdCompressSync(tar) : tar;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function describe(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digestOf("sha256", hash("sha256", bytes)), size: bytes.byteLength };
}
