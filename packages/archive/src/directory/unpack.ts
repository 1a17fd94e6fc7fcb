import { discard, type ByteStream } from "../bytes.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits.ts";
import { readTarBatches } from "../tar/reader.ts";
import { unpackFault } from "./fault.ts";
import { Turn } from "./turn.ts";
import type { UnpackOptions, UnpackSummary } from "./unpack-options.ts";
import { Unpacking } from "./unpacking.ts";

/**
 * Unpacks a tar archive into a directory, which is made if it is missing. Whatever the archive holds
 * and whoever changes the directory meanwhile, nothing outside of it is written, linked or removed:
 * docs/unpacking.md. Members replace what is there; of several with one path the last one stays.
 *
 * Where it fails, what was unpacked so far remains: unpack to a directory of its own and rename that.
 *
 * `PATH_INVALID`, `HARDLINK_INVALID`, `WHITEOUT_INVALID`: the archive makes no sense here.
 * `OWNER_REFUSED`: only root can. `DISK_FULL`, `FILE_UNWRITABLE`, `LIMIT_EXCEEDED`, and what `readTar`
 * throws.
 */
export async function unpackTar(
  stream: ByteStream,
  directory: string,
  options: UnpackOptions,
): Promise<UnpackSummary> {
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const turn = new Turn();
  const passed = async (): Promise<void> => {
    if (turn.isOver) await turn.next();
    options.signal?.throwIfAborted();
  };
  let unpacking: Unpacking;
  try {
    options.signal?.throwIfAborted();
    unpacking = new Unpacking(directory, options, limits, passed);
  } catch (error) {
    await discard(stream);
    throw unpackFault(directory, "", error);
  }
  try {
    for await (const members of readTarBatches(stream, {
      limits,
      signal: options.signal,
      memory: "reused",
    })) {
      for (const member of members) {
        try {
          const pending = unpacking.add(member);
          if (pending !== undefined) await pending;
        } catch (error) {
          throw unpackFault(directory, member.path, error);
        }
        if (turn.isOver) await passed();
      }
    }
    options.signal?.throwIfAborted();
    return unpacking.finish();
  } finally {
    unpacking.close();
  }
}
