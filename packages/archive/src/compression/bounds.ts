import type { ByteStream, Cancellable } from "../bytes.ts";
import { ArchiveError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** Bytes that have gone in and come out. */
export interface Passed {
  in: number;
  out: number;
}

/** Counts what goes in, for the ratio, and stops when asked to. */
export async function* countIn(stream: ByteStream, passed: Passed, { signal }: Cancellable): ByteStream {
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    passed.in += chunk.byteLength;
    yield chunk;
  }
}

/** Stops a bomb: more bytes out than allowed, or out of all proportion to those in. `LIMIT_EXCEEDED` */
export async function* boundOut(
  stream: ByteStream,
  passed: Passed,
  limits: Limits,
  { signal }: Cancellable,
): ByteStream {
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    passed.out += chunk.byteLength;
    if (passed.out > limits.maxBytes) throw exceeded("maxBytes", limits, passed);
    if (passed.out > limits.ratioFloor && passed.out > limits.maxRatio * passed.in) {
      throw exceeded("maxRatio", limits, passed);
    }
    yield chunk;
  }
}

function exceeded(limit: "maxBytes" | "maxRatio", limits: Limits, passed: Passed): ArchiveError {
  const allowed = limits[limit];
  const sentence = `${passed.in} compressed bytes give ${passed.out} and more: more than ${limit} allows (${allowed})`;
  return new ArchiveError("LIMIT_EXCEEDED", sentence, {
    advice: `If the file can be trusted, raise ${limit}.`,
    fields: { limit, allowed, in: passed.in, out: passed.out },
  });
}
