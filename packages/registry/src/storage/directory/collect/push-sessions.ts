/** A time in which something was worked on: milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * From when on pushes may still be under way: what was used before is of pushes that have ended.
 *
 * A push of many layers can take hours, and names its first layer in a manifest only at the end. So
 * not the age of a blob counts, but whether there was a rest: spans of work (unnamed blobs from their
 * first byte to their last use, uploads) that are no more than `grace` apart are one push, and one that
 * reaches to less than `grace` ago goes on. No push lasts longer than `longest`.
 */
export function livingSince(
  spans: readonly Span[],
  { now, grace, longest }: { readonly now: number; readonly grace: number; readonly longest: number },
): number {
  let since = now - grace;
  for (const { from, to } of spans.toSorted((one, other) => other.to - one.to)) {
    if (to < since) break;
    since = Math.min(since, from - grace);
  }
  return Math.max(since, now - longest);
}
