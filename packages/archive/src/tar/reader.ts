import type { ByteStream, Cancellable } from "../bytes.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits.ts";
import { ByteSource } from "./byte-source.ts";
import { type Member, PendingContent, type TarMember } from "./member.ts";
import { TarParser } from "./parser.ts";

export interface ReadTarOptions extends Cancellable {
  /** What is left out is as in `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits> | undefined;
  /**
   * What to do with what follows the end of the archive: `ignore` it, though it is read, so that a
   * digest over the stream is of all of it (the default); or `read` it as one more archive.
   */
  readonly concatenated?: "ignore" | "read" | undefined;
  /**
   * `kept`: what a member has in memory stays good (the default). `reused`: only until the next member
   * or batch is asked for, so that a stream that lends its memory gets it back.
   */
  readonly memory?: "kept" | "reused" | undefined;
}

/** Members in a batch at most: they and what they hold are in memory together. */
const BATCH_SIZE = 1024;

/**
 * The members of a tar archive, in order. Reads v7, ustar, POSIX and GNU archives (docs/tar.md).
 * Leaving the loop early closes the stream.
 *
 * `TAR_INVALID`: no archive, or damaged. `TRUNCATED`: it ends too soon; a missing trailer is fine.
 * `TAR_UNSUPPORTED`: a part of a volume set. `LIMIT_EXCEEDED`.
 */
export async function* readTar(
  stream: ByteStream,
  options: ReadTarOptions = {},
): AsyncGenerator<TarMember, void, undefined> {
  for await (const batch of readTarBatches(stream, options)) {
    for (const member of batch) yield member;
  }
}

/**
 * The same members, as many at a time as have arrived: all but the last of a batch have their
 * content in memory (`bytes`; for sparse files `stored()`), so small files cost no wait each. The
 * last one's is to be read before the next batch is asked for.
 */
export async function* readTarBatches(
  stream: ByteStream,
  options: ReadTarOptions = {},
): AsyncGenerator<readonly TarMember[], void, undefined> {
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const source = new ByteSource(stream, {
    maxBytes: limits.maxBytes,
    signal: options.signal,
    memory: options.memory,
  });
  const parser = new TarParser(source, limits);
  try {
    for (;;) {
      const { members, next } = gather(parser);
      if (members.length > 0) yield members;
      if (next instanceof Failure) throw next.reason;
      if (next === "more") await source.require(parser.needed);
      if (next instanceof PendingContent) await next.finish();
      if (next === "end") return;
      if (next === "trailer") {
        if (options.concatenated !== "read") break;
        parser.reset();
      }
    }
    await source.drain();
  } finally {
    await source.close();
  }
}

/** What was found is given before what went wrong after it. */
class Failure {
  readonly reason: unknown;
  constructor(reason: unknown) {
    this.reason = reason;
  }
}

interface Gathered {
  readonly members: readonly Member[];
  /** What to do once they are dealt with. */
  readonly next: PendingContent | Failure | "more" | "again" | "trailer" | "end";
}

function gather(parser: TarParser): Gathered {
  const members: Member[] = [];
  try {
    while (members.length < BATCH_SIZE) {
      const step = parser.step();
      if (step === "again") continue;
      if (typeof step === "string" || step instanceof PendingContent) return { members, next: step };
      members.push(step);
      if (step.pending !== undefined) return { members, next: step.pending };
    }
  } catch (reason) {
    return { members, next: new Failure(reason) };
  }
  return { members, next: "again" };
}
