import { ArchiveError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** Not a tar archive, or damaged: `what` is a clause such as "the checksum is wrong". */
export function invalid(what: string, offset: number): ArchiveError {
  const advice =
    offset === 0
      ? "Is this a tar archive? If it is compressed, decompress it first."
      : "The archive is damaged: get it again.";
  return new ArchiveError("TAR_INVALID", `${what}, at offset ${offset} of the archive`, {
    advice,
    fields: { offset },
  });
}

/** The stream ended where more had to come; `offset` is its length. */
export function truncated(inside: string, offset: number): ArchiveError {
  return new ArchiveError("TRUNCATED", `the archive ends at offset ${offset}, inside ${inside}`, {
    advice: "A part is missing: get it again.",
    fields: { offset },
  });
}

/** More of something than `limit` allows. */
export function exceeded(limit: keyof Limits, allowed: number, what: string, offset: number): ArchiveError {
  return new ArchiveError(
    "LIMIT_EXCEEDED",
    `${what}: more than ${limit} allows (${allowed}), at offset ${offset} of the archive`,
    {
      advice: `If the archive can be trusted, raise ${limit}.`,
      fields: { limit, allowed, offset },
    },
  );
}
