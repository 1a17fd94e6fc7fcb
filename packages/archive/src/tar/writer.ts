import type { ByteStream, Cancellable } from "../bytes.ts";
import { ArchiveError } from "../errors.ts";
import { paddingOf } from "./block.ts";
import { ChunkAssembler } from "./chunk-assembler.ts";
import { encodeHeader, encodeTrailer, type TarEntryInput } from "./encode.ts";

/** A member to be written, with its content; a `TarMember` that was read is one. */
export type TarInput = TarEntryInput & {
  /** The content, where it is in memory: then `content` is not asked and `size` may be left out. */
  readonly bytes?: Uint8Array | undefined;
  /** Gives the content when it is its turn. A stream needs `size`. */
  readonly content?: (() => ByteStream | Uint8Array) | undefined;
};

/**
 * A tar archive of these members, in the order given, in chunks of about 1 MiB: a POSIX archive
 * with extended headers only where they are needed, then two blocks of zeros (docs/tar.md). The
 * same members give the same bytes, whatever the chunks of their content.
 *
 * `TAR_ENTRY_INVALID`: a member that no header can hold, or a stream without a size.
 * `SIZE_MISMATCH`: a content that is longer or shorter than the member's size.
 */
export async function* writeTar(
  members: AsyncIterable<TarInput> | Iterable<TarInput>,
  options: Cancellable = {},
): ByteStream {
  const output = new ChunkAssembler();
  for await (const member of members) {
    options.signal?.throwIfAborted();
    const content = member.type === "file" ? (member.bytes ?? member.content?.()) : undefined;
    if (content === undefined || content instanceof Uint8Array) {
      addWhole(output, member, content);
      if (output.isReady) yield* output.take();
      continue;
    }
    if (member.size === undefined) throw sizeMissing(member.path);
    output.add(encodeHeader(member));
    let size = 0;
    for await (const chunk of content) {
      options.signal?.throwIfAborted();
      size += chunk.byteLength;
      if (size > member.size) throw sizeMismatch(member.path, member.size, size);
      output.add(chunk);
      if (output.isReady) yield* output.take();
    }
    if (size !== member.size) throw sizeMismatch(member.path, member.size, size);
    output.addZeros(paddingOf(size));
  }
  output.add(encodeTrailer());
  yield* output.takeAll();
}

function addWhole(output: ChunkAssembler, member: TarInput, content: Uint8Array | undefined): void {
  const size = content?.byteLength ?? 0;
  const isFile = member.type === "file";
  if (isFile && member.size !== undefined && member.size !== size) {
    throw sizeMismatch(member.path, member.size, size);
  }
  output.add(encodeHeader(isFile && member.size === undefined ? { ...member, size } : member));
  if (content === undefined) return;
  output.add(content);
  output.addZeros(paddingOf(size));
}

function sizeMissing(path: string): ArchiveError {
  return new ArchiveError(
    "TAR_ENTRY_INVALID",
    `cannot write ${JSON.stringify(path)}: its content is a stream and its size is not given`,
    {
      advice: "Give size: a header comes before its content.",
      fields: { path },
    },
  );
}

function sizeMismatch(path: string, expected: number, actual: number): ArchiveError {
  const found = actual > expected ? `${actual} bytes or more` : `${actual} bytes`;
  return new ArchiveError(
    "SIZE_MISMATCH",
    `${JSON.stringify(path)} has ${found} of content and not the ${expected} it was to have`,
    {
      advice: "If a file changed while it was being read, try again.",
      fields: { path, expected, actual },
    },
  );
}
