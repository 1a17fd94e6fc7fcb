import type { Digest } from "@cooper/oci";
import { z } from "zod";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import type { ApkIndex } from "../index/index-file.ts";

/**
 * Refuses an index that is older than the one that this address gave before: an index has no date
 * until which it counts, so that a mirror could hand out an old one, with its old faults, for ever.
 * `INDEX_ROLLED_BACK`
 */
export async function refuseRollback(
  address: string,
  path: string,
  { date }: Pick<ApkIndex, "date">,
  digest: Digest,
  { cache, signatures, onEvent }: Pick<Context, "cache" | "signatures" | "onEvent">,
): Promise<void> {
  const newest = seenIndex.safeParse(await cache.record("apk-index", address)).data;
  if (newest === undefined || date > newest.date) {
    await cache.storeRecord("apk-index", address, { date, digest } satisfies z.infer<typeof seenIndex>);
    return;
  }
  if (date === newest.date) return;
  const message = `${path}: the index of ${day(date)} is older than the one of ${day(newest.date)} that was there before`;
  if (signatures === "unchecked") {
    onEvent({ type: "warning", subject: path, message });
    return;
  }
  throw new DistroError("INDEX_ROLLED_BACK", message, {
    advice: "Take another mirror. If the repository itself was set back, empty the cache and try again.",
    fields: { repository: path, date, newest: newest.date },
  });
}

const seenIndex = z.object({ date: z.number(), digest: z.string() });

function day(date: number): string {
  return new Date(date * 1000).toISOString().replace(/\.000Z$/u, "Z");
}
