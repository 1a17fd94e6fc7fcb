/** How much a registry still allows. */
export interface RateLimit {
  readonly host: string;
  /** Requests in a window, for Docker Hub: manifests that may be fetched. HEAD requests do not count there. */
  readonly limit: number | undefined;
  readonly remaining: number | undefined;
  /** Seconds. */
  readonly window: number | undefined;
}

/** `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`. */
export function parseRateLimit(
  host: string,
  limit: string | undefined,
  remaining: string | undefined,
): RateLimit | undefined {
  const left = parse(remaining);
  const all = parse(limit);
  if (left === undefined && all === undefined) return undefined;
  return { host, limit: all?.count, remaining: left?.count, window: all?.window ?? left?.window };
}

function parse(
  text: string | undefined,
): { readonly count: number; readonly window: number | undefined } | undefined {
  const match = /^\s*(\d{1,12})\s*(?:;\s*w=(\d{1,12}))?/.exec(text ?? "");
  if (match?.[1] === undefined) return undefined;
  return { count: Number(match[1]), window: match[2] === undefined ? undefined : Number(match[2]) };
}
