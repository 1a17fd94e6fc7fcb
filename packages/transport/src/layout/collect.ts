import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Descriptor, Digest } from "@cooper/oci";
import { tagOf } from "./index-file.ts";
import type { LayoutRepository } from "./repository.ts";

/** What a collection did. */
export interface Collected {
  /** Blobs removed. */
  readonly removed: number;
  /** Bytes freed. */
  readonly bytes: number;
  /** Blobs that stayed. */
  readonly kept: number;
}

/** What stays: all digests that are reached, and the entries that reach them. */
export interface Live {
  readonly digests: ReadonlySet<Digest>;
  readonly entries: readonly Descriptor[];
}

/**
 * What can be reached from the entries of `index.json` and from `extra`. An untagged entry that
 * speaks of an image (its subject) goes when that image goes.
 */
export async function findLive(
  layout: LayoutRepository,
  entries: readonly Descriptor[],
  extra: readonly Digest[],
): Promise<Live> {
  const digests = new Set<Digest>();
  const entered = new Set<Descriptor>();
  const enter = async (entry: Descriptor): Promise<void> => {
    entered.add(entry);
    for await (const _ of layout.walk([entry], digests));
  };

  for (const digest of extra) {
    const manifest = await layout.describe(digest);
    if (manifest !== undefined) for await (const _ of layout.walk([manifest], digests));
    digests.add(digest);
  }
  const referrers: { readonly entry: Descriptor; readonly subject: Digest }[] = [];
  for (const entry of entries) {
    const subject = (await layout.facts(entry))?.subject;
    if (subject !== undefined && tagOf(entry) === undefined) referrers.push({ entry, subject });
    else await enter(entry);
  }
  for (let grown = true; grown;) {
    grown = false;
    for (const { entry, subject } of referrers) {
      if (entered.has(entry)) continue;
      if (!digests.has(subject) && (await layout.holds(subject))) continue;
      await enter(entry);
      grown = true;
    }
  }
  return { digests, entries: entries.filter((entry) => entered.has(entry)) };
}

/** Removes each blob that is not live. Nobody may be writing, or all that they use must be live. */
export function sweepBlobs(blobs: string, live: ReadonlySet<string>): Collected {
  let removed = 0;
  let bytes = 0;
  let kept = 0;
  for (const algorithm of readdirSync(blobs)) {
    for (const encoded of readdirSync(join(blobs, algorithm))) {
      if (live.has(`${algorithm}:${encoded}`)) {
        kept += 1;
        continue;
      }
      const path = join(blobs, algorithm, encoded);
      bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      rmSync(path, { force: true });
      removed += 1;
    }
  }
  return { removed, bytes, kept };
}
