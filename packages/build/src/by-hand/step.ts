import type { Descriptor, DiffId, Digest } from "@cooper/oci";

/** The steps of the hard way, in their order. */
export type StepName =
  | "tar"
  | "diff-id"
  | "compression"
  | "layer-digest"
  | "layer-blob"
  | "config"
  | "config-digest"
  | "manifest"
  | "index"
  | "layout";

/** One step that was just taken, with what came out of it. */
export interface ByHandStep {
  readonly name: StepName;
  /** What was done, in a line. */
  readonly title: string;
  /** Why it is done, in a sentence or two. */
  readonly why: string;
  /** What came out: names and values. */
  readonly values: Readonly<Record<string, string | number>>;
  /** A JSON document that came out. */
  readonly document?: string;
  /** The shell command that does the same. */
  readonly command: string;
}

export interface LayerFacts {
  readonly directory: string;
  /** Bytes of the tar. */
  readonly tarSize: number;
  readonly diffId: DiffId;
  readonly descriptor: Descriptor;
}

/** What is told when the layer has been made. */
export function layerSteps(facts: LayerFacts, tarCommand: string): readonly ByHandStep[] {
  const { diffId, descriptor, tarSize } = facts;
  const path = blobPath(descriptor.digest);
  return [
    {
      name: "tar",
      title: "Pack the files into a tar: that is all a layer is",
      why:
        "Names are sorted, owners are root and times are fixed, so that the same files give the same bytes " +
        "on any machine.",
      values: { directory: facts.directory, bytes: tarSize },
      command: `${tarCommand} > layer.tar`,
    },
    {
      name: "diff-id",
      title: "Hash the tar: the layer's DiffID",
      why:
        "The config lists layers by the hash of their uncompressed tar, so that a layer stays the same layer " +
        "however it is compressed.",
      values: { diffID: diffId },
      command: "sha256sum layer.tar",
    },
    {
      name: "compression",
      title: "Compress it for the way",
      why: "gzip is what every registry and runtime reads. -n leaves out the name and the time of the file.",
      values: { "bytes before": tarSize, "bytes after": descriptor.size },
      command: "gzip -n < layer.tar > layer.tar.gz",
    },
    {
      name: "layer-digest",
      title: "Hash and count the compressed bytes: the blob's digest and size",
      why: "The manifest names a blob by both, and whoever fetches it checks both.",
      values: { digest: descriptor.digest, size: descriptor.size },
      command: "sha256sum layer.tar.gz; wc -c < layer.tar.gz",
    },
    {
      name: "layer-blob",
      title: "Name the blob after its digest",
      why: "Content has no other name: the same bytes are stored once, and nothing can be changed under its name.",
      values: { path },
      command: `cat layer.tar.gz > ${path}`,
    },
  ];
}

export interface ImageFacts {
  readonly config: Uint8Array;
  readonly configDescriptor: Descriptor;
  readonly manifest: Uint8Array;
  readonly descriptor: Descriptor;
  /** The tag under which a layout would list it. */
  readonly tag: string;
}

/** What is told when the config and the manifest have been made. */
export function imageSteps(facts: ImageFacts): readonly ByHandStep[] {
  const { configDescriptor, descriptor } = facts;
  return [
    {
      name: "config",
      title: "Write the config: what the image is and how to start it",
      why:
        "A runtime needs os and architecture (can it run here), rootfs.diff_ids (which layers, in which order), " +
        "and of config: Entrypoint and Cmd (what to start), Env (at least PATH), User and WorkingDir. " +
        "created and history only tell.",
      values: {},
      document: text(facts.config),
      command: "cat > config.json",
    },
    {
      name: "config-digest",
      title: "Hash and count the config: docker calls this digest the image ID",
      why: "It holds the DiffIDs, so it stands for everything that is in the image.",
      values: {
        digest: configDescriptor.digest,
        size: configDescriptor.size,
        path: blobPath(configDescriptor.digest),
      },
      command: "sha256sum config.json; wc -c < config.json",
    },
    {
      name: "manifest",
      title: "Write the manifest: the config and the layers by media type, size and digest",
      why: "Its digest is the image's: what a reference with @sha256:… pins.",
      values: { digest: descriptor.digest, size: descriptor.size, path: blobPath(descriptor.digest) },
      document: text(facts.manifest),
      command: "cat > manifest.json; sha256sum manifest.json; wc -c < manifest.json",
    },
    {
      name: "index",
      title: "Write index.json: the way in, with the image's name",
      why: "Of a layout it is the only file that is not named after its content. A registry keeps tags instead.",
      values: { tag: facts.tag },
      document: JSON.stringify(layoutIndex(descriptor, facts.tag)),
      command: "cat > index.json",
    },
    {
      name: "layout",
      title: "Write oci-layout: this directory is an image layout",
      why: "Readers look for it first, and for the version in it.",
      values: {},
      document: LAYOUT_FILE,
      command: `echo '${LAYOUT_FILE}' > oci-layout`,
    },
  ];
}

/** The `oci-layout` file (image-spec, image-layout.md). */
export const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';

/** The `index.json` of a layout that holds one image (image-spec, image-layout.md). */
function layoutIndex({ mediaType, digest, size }: Descriptor, tag: string): object {
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{ mediaType, digest, size, annotations: { "org.opencontainers.image.ref.name": tag } }],
  };
}

function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
