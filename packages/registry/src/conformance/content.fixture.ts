// The kinds of content that the official conformance program pushes.
import { gzipSync } from "node:zlib";
import { digestOf, EMPTY_JSON, OCI_IMAGE, OCI_INDEX, someBytes } from "./visitor.test.ts";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [more: string]: unknown;
}

export interface Content {
  readonly algorithm: string;
  readonly blobs: Map<string, Buffer>;
  /** In the order in which they are pushed. */
  readonly manifests: {
    readonly digest: string;
    readonly bytes: Buffer;
    readonly value: Record<string, unknown>;
  }[];
  readonly tags: Map<string, string>;
}

function blobOf(content: Content, bytes: Buffer, mediaType: string, more: object = {}): Descriptor {
  const digest = digestOf(bytes, content.algorithm);
  content.blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.byteLength, ...more };
}

function layerOf(content: Content): Descriptor {
  return blobOf(content, gzipSync(someBytes(300)), "application/vnd.oci.image.layer.v1.tar+gzip");
}

function manifest(content: Content, value: Record<string, unknown>, tag?: string): Descriptor {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...value }));
  const digest = digestOf(bytes, content.algorithm);
  content.manifests.push({ digest, bytes, value });
  if (tag !== undefined) content.tags.set(tag, digest);
  return { mediaType: String(value["mediaType"]), digest, size: bytes.byteLength };
}

function image(content: Content, tag?: string, more: object = {}): Descriptor {
  const config = blobOf(content, Buffer.from(`{"made":"${someBytes(8).toString("hex")}"}`), CONFIG);
  return manifest(content, { mediaType: OCI_IMAGE, config, layers: [layerOf(content)], ...more }, tag);
}

function artifact(content: Content, tag?: string, more: object = {}): Descriptor {
  const config = blobOf(content, Buffer.from("{}"), EMPTY_JSON);
  const layers = [blobOf(content, someBytes(100), "application/vnd.example.oci.conformance.v1")];
  const artifactType = "application/vnd.example.oci.conformance.v1";
  const annotations = { "org.opencontainers.conformance": someBytes(4).toString("hex") };
  return manifest(content, { mediaType: OCI_IMAGE, artifactType, annotations, config, layers, ...more }, tag);
}

function indexOf(
  content: Content,
  manifests: readonly object[],
  tag?: string,
  more: object = {},
): Descriptor {
  return manifest(content, { mediaType: OCI_INDEX, manifests, ...more }, tag);
}

const CONFIG = "application/vnd.oci.image.config.v1+json";

/** Every kind of content. */
export const KINDS: Readonly<Record<string, (content: Content) => void>> = {
  image: (content) => void image(content, "image"),
  "image uncompressed": (content) =>
    void image(content, "image-uncompressed", {
      layers: [blobOf(content, someBytes(300), "application/vnd.oci.image.layer.v1.tar")],
    }),
  "large manifest": (content) => {
    const annotations = Object.fromEntries(
      Array.from({ length: 390 }, (_, at) => [`large-annotation-${at}`, "A".repeat(10_000)]),
    );
    image(content, "large-manifest", { annotations });
  },
  index: (content) => void indexOf(content, [image(content), image(content)], "index"),
  "nested index": (content) =>
    void indexOf(
      content,
      [indexOf(content, [image(content)]), indexOf(content, [image(content)])],
      "index-of-index",
    ),
  "empty index": (content) => void indexOf(content, [], "index"),
  artifact: (content) => void artifact(content, "artifact"),
  "artifact index": (content) =>
    void indexOf(content, [artifact(content), artifact(content)], "artifact-index", {
      artifactType: "application/vnd.example.oci.conformance.v1",
    }),
  "artifact without layers": (content) =>
    void artifact(content, "artifact-without-layers", {
      layers: [blobOf(content, Buffer.from("{}"), EMPTY_JSON)],
    }),
  "artifacts with subject": (content) => {
    const subject = image(content, "image");
    image(content, undefined, { subject });
    artifact(content, "tagged-artifact1", { subject });
    artifact(content, "tagged-artifact2", { subject, artifactType: "application/vnd.example.other.v1" });
  },
  "index with subject": (content) => {
    const subject = indexOf(content, [image(content)], "index");
    indexOf(content, [artifact(content)], "tagged-artifact", {
      subject,
      artifactType: "application/vnd.example.oci.conformance.v1",
      annotations: { "org.opencontainers.conformance": "hello" },
    });
  },
  "missing subject": (content) =>
    void artifact(content, "tagged-artifact", {
      subject: { mediaType: OCI_IMAGE, digest: digestOf("missing content"), size: 123 },
    }),
  "data field": (content) => {
    const data = Buffer.from('{"in":"the descriptor"}');
    const config = blobOf(content, data, CONFIG, { data: data.toString("base64") });
    image(content, "data-field", { config });
  },
  "non-distributable layers": (content) =>
    void image(content, "non-distributable-image", {
      layers: [
        {
          mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
          digest: digestOf("elsewhere"),
          size: 123_456,
          urls: ["https://store.example.com/blob"],
        },
        layerOf(content),
      ],
    }),
  "custom fields": (content) =>
    void indexOf(content, [image(content, undefined, { "org.example.x": [1] })], "custom-fields", {
      "org.example.y": { z: null },
    }),
  "no layers": (content) => void image(content, "no-layers", { layers: [] }),
  sparse: (content) => {
    const missing = { mediaType: CONFIG, digest: digestOf("missing layer"), size: 5 };
    image(content, "sparse-image", { layers: [missing] });
    const absent = { mediaType: OCI_IMAGE, digest: digestOf("missing image"), size: 5 };
    indexOf(content, [image(content), absent], "sparse-index");
  },
};
