import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { type ByteStream, headerSize, paddingOf, type TarInput } from "@cooper/archive";
import { isLibraryName, type ReadAt, readSharedLibrary } from "../../rootfs/elf.ts";
import type { FileFact } from "./facts.ts";
import { HeldBytes } from "./held-bytes.ts";

/** Larger files are not configuration that something else is made from. */
const MAX_TEXT_BYTES = 256 * 2 ** 10;
/** A library up to this size is held while it passes; a larger one is looked at in a file afterwards. */
const MAX_HELD_BYTES = 64 * 2 ** 20;

/** Files that maintainer scripts copy or read, and that databases are made from. */
const TEXTS =
  /^(etc\/|usr\/lib\/(sysusers|tmpfiles)\.d\/|usr\/share\/(apache2|base-files|base-passwd|ca-certificates|debianutils|libc-bin|mysql-common|openssh|pam|pam-configs|php[^/]*|postgresql-common)\/|usr\/lib\/php\/)/;

export interface LearningOptions {
  /** Whether the MD5 of the file at a path is wanted. */
  readonly wantsSum: (path: string) => boolean;
  /** Makes a file of what passes, as a tar of its own, and gives its path. */
  readonly content: () => Promise<string>;
}

/** Learns of a package's members while they are on their way into a layer. */
export class Learning {
  readonly #options: LearningOptions;
  readonly #facts: FileFact[] = [];
  /** Bytes so far of a tar with nothing but these members. */
  #position = 0;

  constructor(options: LearningOptions) {
    this.#options = options;
  }

  /** The same members; what is learned of one is known when the next is asked for. */
  async *along(members: AsyncIterable<TarInput>): AsyncGenerator<TarInput, void, undefined> {
    for await (const member of members) {
      const size = member.type === "file" ? (member.size ?? 0) : 0;
      const offset = this.#position + headerSize(member);
      this.#position = offset + size + paddingOf(size);
      const fact = factOf(member, size, offset);
      const watch = this.#watch(member, size);
      if (watch === undefined) {
        yield member;
      } else if (member.bytes === undefined) {
        const passing = watch.along(member.content?.() ?? Buffer.alloc(0));
        yield { ...member, content: () => passing };
        // Who has a file of that name already does not look at this one.
        for await (const chunk of passing) void chunk;
      } else {
        watch.add(member.bytes);
        yield member;
      }
      this.#facts.push(watch === undefined ? fact : { ...fact, ...(await watch.learned()) });
    }
  }

  /** All that was learned, when the members have passed. */
  async facts(): Promise<readonly FileFact[]> {
    if (!this.#facts.some(isLargeLibrary)) return this.#facts;
    const file = await open(await this.#options.content());
    try {
      const facts: FileFact[] = [];
      for (const fact of this.#facts) {
        const read: ReadAt = async (offset, length) => {
          const wanted = Math.max(Math.min(length, fact.size - offset), 0);
          const buffer = Buffer.alloc(wanted);
          const { bytesRead } = await file.read(buffer, 0, wanted, fact.offset + offset);
          return buffer.subarray(0, bytesRead);
        };
        // oxlint-disable-next-line no-await-in-loop
        const library = isLargeLibrary(fact) ? await readSharedLibrary(read) : undefined;
        facts.push(library === undefined ? fact : { ...fact, library });
      }
      return facts;
    } finally {
      await file.close();
    }
  }

  /** What looks at a member's content; undefined where nothing of it is wanted. */
  #watch({ path, type }: TarInput, size: number): ContentWatch | undefined {
    if (type !== "file") return undefined;
    const wanted = {
      md5: this.#options.wantsSum(path),
      text: size <= MAX_TEXT_BYTES && TEXTS.test(path),
      library: size <= MAX_HELD_BYTES && isLibraryName(path),
    };
    return wanted.md5 || wanted.text || wanted.library ? new ContentWatch(wanted) : undefined;
  }
}

/** Looks at a content as it passes, and copies what it needs of it: the bytes are good only until then. */
class ContentWatch {
  readonly #wanted: Readonly<Record<"md5" | "text" | "library", boolean>>;
  readonly #sum = createHash("md5");
  readonly #held = new HeldBytes();

  constructor(wanted: Readonly<Record<"md5" | "text" | "library", boolean>>) {
    this.#wanted = wanted;
  }

  add(chunk: Uint8Array): void {
    const { md5, text, library } = this.#wanted;
    if (md5) this.#sum.update(chunk);
    if (text || library) this.#held.add(chunk);
  }

  async *along(stream: AsyncIterable<Uint8Array> | Uint8Array): ByteStream {
    for await (const chunk of stream instanceof Uint8Array ? [stream] : stream) {
      this.add(chunk);
      yield chunk;
    }
  }

  async learned(): Promise<Pick<FileFact, "md5" | "text" | "library">> {
    const { md5, text, library } = this.#wanted;
    const held = this.#held;
    try {
      const found = library ? await readSharedLibrary(held.read) : undefined;
      return {
        ...(text ? { text: (await held.read(0, held.length)).toString("latin1") } : {}),
        ...(md5 ? { md5: this.#sum.digest("hex") } : {}),
        ...(found === undefined ? {} : { library: found }),
      };
    } finally {
      held.free();
    }
  }
}

function isLargeLibrary({ path, type, size }: FileFact): boolean {
  return type === "file" && size > MAX_HELD_BYTES && isLibraryName(path);
}

function factOf(member: TarInput, size: number, offset: number): FileFact {
  const { path, type, mode = 0, uid = 0, gid = 0, mtime, linkPath = "" } = member;
  return { path, type, mode, uid, gid, size, mtime: mtime?.seconds ?? 0, linkPath, offset };
}
