import { createHash, hash, type Hash } from "node:crypto";
import { open } from "node:fs/promises";
import { type ByteStream, encodeHeader, paddingOf, type TarInput } from "@cooper/archive";
import { isLibraryName, type ReadAt, readSharedLibrary } from "../../rootfs/elf.ts";
import type { FileFact } from "./facts.ts";

/** Larger files are not configuration that something else is made from. */
const MAX_TEXT_BYTES = 256 * 2 ** 10;

/** Files that maintainer scripts copy or read, and that databases are made from. */
const TEXTS =
  /^(etc\/|usr\/lib\/(sysusers|tmpfiles)\.d\/|usr\/share\/(apache2|base-files|base-passwd|ca-certificates|debianutils|libc-bin|mysql-common|openssh|pam|pam-configs|php[^/]*|postgresql-common)\/|usr\/lib\/php\/)/;

/** Learns of a package's members while they are on their way into its content, a tar. */
export class Learning {
  readonly #wantsSum: (path: string) => boolean;
  readonly #facts: FileFact[] = [];
  /** Bytes of the tar so far. */
  #position = 0;

  constructor(wantsSum: (path: string) => boolean) {
    this.#wantsSum = wantsSum;
  }

  /** The same members; what is learned of one is known when the next is asked for. */
  async *along(members: AsyncIterable<TarInput>): AsyncGenerator<TarInput, void, undefined> {
    for await (const member of members) {
      const size = member.type === "file" ? (member.size ?? 0) : 0;
      const offset = this.#position + encodeHeader(member).length;
      this.#position = offset + size + paddingOf(size);
      const taken = this.#taking(member, size);
      yield taken?.member ?? member;
      this.#facts.push({ ...factOf(member, size, offset), ...taken?.learned() });
    }
  }

  /** All that was learned, with what shared libraries say of themselves, read from the finished tar. */
  async facts(path: string): Promise<readonly FileFact[]> {
    if (!this.#facts.some(isLibrary)) return this.#facts;
    const handle = await open(path);
    try {
      const facts: FileFact[] = [];
      for (const fact of this.#facts) {
        const read: ReadAt = async (offset, length) => {
          const wanted = Math.max(Math.min(length, fact.size - offset), 0);
          const buffer = Buffer.alloc(wanted);
          const { bytesRead } = await handle.read(buffer, 0, wanted, fact.offset + offset);
          return buffer.subarray(0, bytesRead);
        };
        // oxlint-disable-next-line no-await-in-loop
        const library = isLibrary(fact) ? await readSharedLibrary(read) : undefined;
        facts.push(library === undefined ? fact : { ...fact, library });
      }
      return facts;
    } finally {
      await handle.close();
    }
  }

  /** A member whose content is looked at as it passes; undefined where nothing of it is wanted. */
  #taking(member: TarInput, size: number): Taking | undefined {
    const { path, type, bytes, content } = member;
    const wantsText = TEXTS.test(path) && size <= MAX_TEXT_BYTES;
    const wantsSum = this.#wantsSum(path);
    if (type !== "file" || (!wantsText && !wantsSum)) return undefined;
    if (bytes !== undefined) {
      const text = wantsText ? { text: Buffer.from(bytes).toString("latin1") } : {};
      return {
        member,
        learned: () => ({ ...text, ...(wantsSum ? { md5: hash("md5", bytes, "hex") } : {}) }),
      };
    }
    const sum = createHash("md5");
    const kept: Uint8Array[] = [];
    const source = content?.() ?? Buffer.alloc(0);
    const passing = watch(
      source instanceof Uint8Array ? [source] : source,
      sum,
      wantsText ? kept : undefined,
    );
    return {
      member: { ...member, content: () => passing },
      learned: () => ({
        ...(wantsText ? { text: Buffer.concat(kept).toString("latin1") } : {}),
        ...(wantsSum ? { md5: sum.digest("hex") } : {}),
      }),
    };
  }
}

interface Taking {
  readonly member: TarInput;
  readonly learned: () => Pick<FileFact, "md5" | "text">;
}

async function* watch(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sum: Hash,
  kept: Uint8Array[] | undefined,
): ByteStream {
  for await (const chunk of stream) {
    sum.update(chunk);
    kept?.push(chunk);
    yield chunk;
  }
}

function factOf(member: TarInput, size: number, offset: number): FileFact {
  const { path, type, mode = 0, uid = 0, gid = 0, mtime, linkPath = "" } = member;
  return { path, type, mode, uid, gid, size, mtime: mtime?.seconds ?? 0, linkPath, offset };
}

function isLibrary({ path, type }: FileFact): boolean {
  return type === "file" && isLibraryName(path);
}
