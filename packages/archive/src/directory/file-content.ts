import { fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
import type { TarMember } from "../tar/member.ts";

const COPY_SIZE = 1024 * 1024;

/** Writes all of it where the file stands, or at `position`. */
export function writeAll(fd: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.byteLength;) {
    const at = position === null ? null : position + done;
    done += writeSync(fd, bytes, done, bytes.byteLength - done, at);
  }
}

/** Writes the content of a member as it comes; where a sparse file has holes, nothing. */
export async function writeContent(
  fd: number,
  member: TarMember,
  passed: () => Promise<void>,
): Promise<void> {
  if (member.sparse === undefined) {
    for await (const chunk of member.content()) {
      writeAll(fd, chunk);
      await passed();
    }
    return;
  }
  const segments = member.sparse.values();
  let segment = segments.next().value;
  let within = 0;
  for await (const chunk of member.stored()) {
    for (let rest = chunk; rest.byteLength > 0 && segment !== undefined;) {
      const piece = rest.subarray(0, segment.length - within);
      writeAll(fd, piece, segment.offset + within);
      rest = rest.subarray(piece.byteLength);
      within += piece.byteLength;
      if (within < segment.length) continue;
      within = 0;
      segment = segments.next().value;
    }
    await passed();
  }
  ftruncateSync(fd, member.size);
}

/** Copies all of an open file to another. */
export function copyContent(from: number, to: number): void {
  const memory = Buffer.allocUnsafe(Math.min(COPY_SIZE, fstatSync(from).size + 1));
  for (let got = readSync(from, memory); got > 0; got = readSync(from, memory)) {
    writeAll(to, memory.subarray(0, got));
  }
}
