import type { Digest } from "@cooper/oci";
import { inspectManifest } from "../manifest.ts";
import { isStorableDigest } from "../names.ts";
import type { ManifestStorage } from "./storage.ts";

/** The blobs of an image, or of all images of an index, with their sizes as the manifests tell them. */
export async function imageBlobs(
  storage: ManifestStorage,
  repository: string,
  root: Digest,
): Promise<ReadonlyMap<Digest, number>> {
  const blobs = new Map<Digest, number>();
  const next = [root];
  const seen = new Set<Digest>();
  for (let digest = next.pop(); digest !== undefined; digest = next.pop()) {
    if (seen.has(digest)) continue;
    seen.add(digest);
    // oxlint-disable-next-line no-await-in-loop
    const manifest = await storage.manifest(repository, digest);
    if (manifest === undefined) continue;
    const facts = inspectManifest(manifest.bytes, manifest.mediaType);
    for (const blob of facts.blobs) blobs.set(blob.digest, blob.size);
    next.push(...facts.manifests.filter((child) => isStorableDigest(child)));
  }
  return blobs;
}
