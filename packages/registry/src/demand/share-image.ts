import type { Digest } from "@cooper/oci";
import { inspectManifest } from "../manifest.ts";
import { storableDigest } from "../names.ts";
import type { Storage, StoredManifest } from "../storage/storage.ts";
import type { Ledger } from "./ledger.ts";

interface Place {
  readonly repository: string;
  readonly digest: Digest;
}

/**
 * Gives a tag an image that was made under another name, or earlier, without making or copying
 * anything. Whether all of it was still there.
 */
export async function shareImage(
  { storage, ledger }: { readonly storage: Storage; readonly ledger: Ledger },
  from: Place,
  to: { readonly repository: string; readonly tag: string },
): Promise<boolean> {
  const manifest = await storage.manifest(from.repository, from.digest);
  if (manifest === undefined) return false;
  return await put(manifest, from.digest, [to.tag]);

  /** Children before parents, the tag last. */
  async function put(
    { bytes, mediaType }: StoredManifest,
    digest: Digest,
    tags: readonly string[],
  ): Promise<boolean> {
    const { blobs, manifests, subject } = inspectManifest(bytes, mediaType);
    for (const child of manifests) {
      // oxlint-disable-next-line no-await-in-loop
      const stored = await storage.manifest(from.repository, child);
      // oxlint-disable-next-line no-await-in-loop
      if (stored === undefined || !(await put(stored, child, []))) return false;
    }
    for (const { digest: blob } of blobs) {
      // oxlint-disable-next-line no-await-in-loop
      const isHere = (await storage.blobSize(to.repository, blob)) !== undefined;
      // oxlint-disable-next-line no-await-in-loop
      if (!isHere && !(await storage.mountBlob(to.repository, blob, from.repository))) return false;
    }
    await ledger.putTagOf(to.repository, digest, to.tag);
    await storage.putManifest(to.repository, {
      digest,
      mediaType,
      bytes,
      subject: subject === undefined ? undefined : storableDigest(subject),
      tags,
    });
    return true;
  }
}
