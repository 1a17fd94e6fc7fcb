import { discard } from "../bytes.ts";
import type { ByteStream, Cancellable } from "../bytes.ts";
import { ArchiveError } from "../errors.ts";

export interface LevelOptions extends Cancellable {
  /** Less is faster, more is smaller: gzip 0 to 9, default 5 (1 to 5 are the same); zstd 1 to 19, default 3. */
  readonly level?: number | undefined;
}

export interface Levels {
  readonly smallest: number;
  readonly largest: number;
  readonly usual: number;
}

/** The level to write with; if there is no such level the stream is closed. `LEVEL_INVALID` */
export async function checkLevel(
  stream: ByteStream,
  level: number | undefined,
  { smallest, largest, usual }: Levels,
): Promise<number> {
  if (level === undefined) return usual;
  if (Number.isInteger(level) && level >= smallest && level <= largest) return level;
  await discard(stream);
  throw new ArchiveError("LEVEL_INVALID", `there is no compression level ${level}`, {
    kind: "usage",
    advice: `Give a whole number from ${smallest} to ${largest}.`,
    fields: { level, smallest, largest },
  });
}
