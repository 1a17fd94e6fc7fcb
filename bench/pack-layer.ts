/**
 * A directory as an image in an OCI layout, over the libraries alone: the work of `cooper by-hand`
 * for every compression.
 *
 *     node --conditions=@cooper/source bench/pack-layer.ts DIRECTORY LAYOUT gzip|zstd
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compress, packDirectory, tally, writeFileAtomic } from "@cooper/archive";
import { describeBytes } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";

const [directory = ".", layout = "layout", compression = "gzip"] = process.argv.slice(2);
const blobs = join(layout, "blobs/sha256");
mkdirSync(blobs, { recursive: true });

const tar = tally(packDirectory(directory));
const packed = tally(compress(tar.stream, { compression: compression === "zstd" ? "zstd" : "gzip" }));
const temporary = join(layout, "layer");
await writeFileAtomic(temporary, packed.stream);
renameSync(temporary, join(blobs, packed.hex()));

function writeDocument(mediaType: string, content: object): Descriptor {
  const bytes = Buffer.from(JSON.stringify(content));
  const descriptor = describeBytes(mediaType, bytes);
  writeFileSync(join(blobs, descriptor.digest.slice("sha256:".length)), bytes);
  return descriptor;
}

const config = writeDocument("application/vnd.oci.image.config.v1+json", {
  architecture: "amd64",
  os: "linux",
  config: {},
  rootfs: { type: "layers", diff_ids: [`sha256:${tar.hex()}`] },
});
const mediaType = "application/vnd.oci.image.manifest.v1+json";
const layer = {
  mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`,
  digest: `sha256:${packed.hex()}`,
  size: packed.size(),
};
const manifest = writeDocument(mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] });
const annotations = { "org.opencontainers.image.ref.name": "bench" };
writeFileSync(
  join(layout, "index.json"),
  JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
);
writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
