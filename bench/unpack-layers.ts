/**
 * The layers of the one image of an OCI layout to a directory, over the libraries alone; digest,
 * size and DiffID are checked, as Cooper does wherever it unpacks.
 *
 *     node --conditions=@cooper/source bench/unpack-layers.ts LAYOUT DIRECTORY
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decompress, readFileStream, tally, unpackTar, verified } from "@cooper/archive";
import { parseConfig, parseIndex, parseManifest } from "@cooper/oci";

const [layout = "layout", directory = "root"] = process.argv.slice(2);
const blobPath = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));

const index = parseIndex(readFileSync(join(layout, "index.json")));
const manifest = parseManifest(readFileSync(blobPath(index.manifests[0]?.digest ?? "")));
const config = parseConfig(readFileSync(blobPath(manifest.config.digest)));
mkdirSync(directory);
for (const [position, layer] of manifest.layers.entries()) {
  const blob = verified(readFileStream(blobPath(layer.digest)), layer);
  const tar = tally(decompress(blob));
  // oxlint-disable-next-line no-await-in-loop
  await unpackTar(tar.stream, directory, { whiteouts: "apply", owners: "keep" });
  if (`sha256:${tar.hex()}` !== config.rootfs.diff_ids[position])
    throw new Error(`${layer.digest}: wrong DiffID`);
}
