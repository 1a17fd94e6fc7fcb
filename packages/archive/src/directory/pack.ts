import { statusOf } from "@cooper/sys";
import type { ByteStream } from "../bytes.ts";
import { paddingOf } from "../tar/block.ts";
import { encodeHeader, encodeTrailer } from "../tar/encode.ts";
import { ChunkFiller } from "./chunk-filler.ts";
import { fileChanged, packFault } from "./fault.ts";
import type { PackOptions } from "./pack-options.ts";
import { leadingDirectories, TreeWalk, type Visited } from "./tree-walk.ts";
import { Turn } from "./turn.ts";

/** A file from this size on takes several reads, and is looked at again after the last one. */
const LARGE = 256 * 1024;

/**
 * A tar archive of a directory: each directory's names sorted by their bytes, and what is in a
 * directory right after it, as `tar --sort=name` does. Paths are relative, without `./`. Of several
 * names for one file the first holds the content and the others are hard links. Symlinks are never
 * followed; sockets are left out. The same tree and options give the same bytes.
 *
 * `FILE_CHANGED`: a file changed while it was read. `FILE_MISSING`, `FILE_UNREADABLE`.
 */
export async function* packDirectory(directory: string, options: PackOptions = {}): ByteStream {
  options.signal?.throwIfAborted();
  const turn = new Turn();
  for (const chunk of packTree(directory, options)) {
    yield chunk;
    if (turn.isOver) await turn.next();
    options.signal?.throwIfAborted();
  }
}

function* packTree(directory: string, options: PackOptions): Generator<Buffer, void, undefined> {
  const output = new ChunkFiller();
  for (const entry of leadingDirectories(options)) output.add(encodeHeader(entry));
  const walk = new TreeWalk(directory, options);
  try {
    for (let visited = walk.next(); visited !== undefined; visited = walk.next()) {
      output.add(encodeHeader(visited.entry));
      for (let left = visited.entry.size; left > 0;) {
        left -= readPiece(output, directory, visited, left);
        if (output.isFull) yield* output.takeFull();
      }
      finishContent(output, directory, visited);
      if (output.isFull) yield* output.takeFull();
    }
  } finally {
    walk.close();
  }
  output.add(encodeTrailer());
  yield* output.takeRest();
}

function readPiece(output: ChunkFiller, directory: string, { fd, entry }: Visited, left: number): number {
  let got = 0;
  try {
    if (fd !== undefined) got = output.read(fd, left);
  } catch (error) {
    throw packFault(directory, entry.path, error);
  }
  if (got === 0) throw fileChanged(directory, entry.path, "it became shorter");
  if (got > left) throw fileChanged(directory, entry.path, "it grew");
  return got;
}

function finishContent(output: ChunkFiller, directory: string, { fd, entry, status }: Visited): void {
  output.addZeros(paddingOf(entry.size));
  if (fd === undefined || entry.size < LARGE) return;
  const { ctime } = statusOf(fd);
  const isSame = ctime.seconds === status.ctime.seconds && ctime.nanoseconds === status.ctime.nanoseconds;
  if (!isSame) throw fileChanged(directory, entry.path, "it was written to");
}
