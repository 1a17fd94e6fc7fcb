import type { Cancellable } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { imageBlobs } from "../storage/image-blobs.ts";
import type { RecordKind, Storage } from "../storage/storage.ts";

export interface ExpireOptions extends Cancellable {
  /** An image that nobody has asked for in so long is not kept: seconds. */
  readonly ageSeconds: number;
  /** The most bytes of all made images together, what they share counted once; those go first that were not asked for longest. */
  readonly bytes?: number | undefined;
  /** The time: seconds since 1970. */
  readonly now: number;
}

export interface Expired {
  /** Images that lost their tag. */
  readonly images: number;
  /** Bytes of the images that are left. */
  readonly keptBytes: number;
}

/** An image that was made because somebody asked for it. */
export interface MadeImage {
  /** Of its record: `apt/curl:latest`. */
  readonly key: string;
  readonly repository: string;
  readonly tag: string;
  /** Seconds since 1970. */
  readonly used: number;
  readonly blobs: ReadonlyMap<Digest, number>;
}

/** Records that are only worth something together with those of the images. */
const FURTHER_RECORDS: readonly RecordKind[] = ["inputs", "digest"];

/**
 * Takes the tags, and what is remembered, of images that were made because somebody asked for them, and
 * that nobody asks for any more: when somebody does, they are made again. Their manifests and blobs
 * are then collected as any others (`dropsUntagged`).
 */
export async function expireMade(storage: Storage, options: ExpireOptions): Promise<Expired> {
  const { ageSeconds, now, signal } = options;
  const images: MadeImage[] = [];
  for await (const { key, used } of storage.records("made")) {
    signal?.throwIfAborted();
    const colon = key.lastIndexOf(":");
    const [repository, tag] = [key.slice(0, colon), key.slice(colon + 1)];
    const tagged = await storage.tag(repository, tag);
    const blobs = tagged === undefined ? new Map() : await imageBlobs(storage, repository, tagged);
    images.push({ key, repository, tag, used, blobs });
  }
  const { expired, keptBytes } = selectExpired(images, options);
  let count = 0;
  for (const image of expired) {
    signal?.throwIfAborted();
    // oxlint-disable-next-line no-await-in-loop
    if (await forget(storage, image)) count += 1;
  }
  for (const kind of FURTHER_RECORDS) {
    // oxlint-disable-next-line no-await-in-loop
    for await (const { key, used } of storage.records(kind)) {
      if (now - used > ageSeconds) await storage.deleteRecord(kind, key);
    }
  }
  return { images: count, keptBytes };
}

/** Which images go: all that are too old, then those not asked for longest, until the rest has room. */
export function selectExpired(
  images: readonly MadeImage[],
  { ageSeconds, bytes = Number.MAX_SAFE_INTEGER, now }: Pick<ExpireOptions, "ageSeconds" | "bytes" | "now">,
): { readonly expired: readonly MadeImage[]; readonly keptBytes: number } {
  const holders = new Map<Digest, number>();
  let total = 0;
  for (const { blobs } of images) {
    for (const [digest, size] of blobs) {
      const count = holders.get(digest) ?? 0;
      if (count === 0) total += size;
      holders.set(digest, count + 1);
    }
  }
  const expired: MadeImage[] = [];
  for (const image of images.toSorted((one, other) => one.used - other.used)) {
    if (now - image.used <= ageSeconds && total <= bytes) break;
    expired.push(image);
    for (const [digest, size] of image.blobs) {
      const count = holders.get(digest) ?? 0;
      if (count === 1) total -= size;
      holders.set(digest, count - 1);
    }
  }
  return { expired, keptBytes: total };
}

/** Takes an image's tag and record away, unless somebody has asked for it meanwhile. Whether it did. */
async function forget(storage: Storage, { key, repository, tag, used }: MadeImage): Promise<boolean> {
  const record = await storage.record("made", key);
  if (record === undefined || record.used > used) return false;
  // The record last: with it and without the tag, the image is made again; the other way round it would stay.
  await storage.deleteTag(repository, tag);
  await storage.deleteRecord("made", key);
  return true;
}
