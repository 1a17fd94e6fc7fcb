import { addressOf, fileOfPackage, type Library, openLibrary } from "./library.ts";

/** What a step of decoding came to (lzma/base.h, lzma_ret). */
export type LzmaStatus =
  | "going-on"
  | "ended"
  | "check-unsupported"
  | "memory-short"
  | "memory-limit"
  | "format-unknown"
  | "options-unsupported"
  | "data-damaged"
  /** It can go no further with this input and this room. */
  | "stuck";

export interface LzmaStep {
  readonly status: LzmaStatus;
  /** Bytes of the input that were used. */
  readonly read: number;
  /** Bytes of the output that were filled. */
  readonly written: number;
}

export interface LzmaOptions {
  /** `xz`: streams with padding between and after them; `lzma`: the one stream of LZMA Utils. */
  readonly format: "xz" | "lzma";
  /** Bytes of memory that it may take at most. */
  readonly memoryLimit: number;
}

/**
 * Decoding by liblzma, on libuv's threads. One step at a time: the next begins when the last
 * has ended, and so does `close`.
 */
export class LzmaDecoder {
  readonly #functions: Functions;
  /** The `lzma_stream` (lzma/base.h) that C keeps between the steps. */
  readonly #stream = Buffer.alloc(STREAM_SIZE);
  // C has their addresses: they live as long as it looks at them.
  #input: Uint8Array = NOTHING;
  #output: Uint8Array = NOTHING;

  private constructor(functions: Functions) {
    this.#functions = functions;
  }

  /** Undefined where there is no liblzma, or no memory for one more. */
  static open({ format, memoryLimit }: LzmaOptions): LzmaDecoder | undefined {
    library ??= { functions: bind() };
    const { functions } = library;
    if (functions === undefined) return undefined;
    const decoder = new LzmaDecoder(functions);
    const started =
      format === "xz"
        ? functions.startXz(decoder.#stream, memoryLimit, CONCATENATED | TELL_UNSUPPORTED_CHECK)
        : functions.startLzma(decoder.#stream, memoryLimit);
    return started === 0 ? decoder : undefined;
  }

  /** Decodes what it can of the input into the output; `last` where no more input follows. */
  async step(input: Uint8Array, output: Uint8Array, follows: "more" | "last"): Promise<LzmaStep> {
    const stream = this.#stream;
    this.#input = input;
    this.#output = output;
    point(stream, NEXT_IN, input);
    point(stream, NEXT_OUT, output);
    const result = await this.#functions.code(stream, follows === "last" ? FINISH : RUN);
    return {
      status: STATUSES[result] ?? "data-damaged",
      read: this.#input.byteLength - Number(stream.readBigUInt64LE(NEXT_IN + 8)),
      written: this.#output.byteLength - Number(stream.readBigUInt64LE(NEXT_OUT + 8)),
    };
  }

  /** Frees its memory. */
  close(): void {
    this.#functions.end(this.#stream);
    this.#input = NOTHING;
    this.#output = NOTHING;
  }
}

/** Of a `lzma_stream`, on 64-bit machines; the ABI of liblzma.so.5. */
const STREAM_SIZE = 136;
/** A pointer and a count of bytes. */
const NEXT_IN = 0;
const NEXT_OUT = 24;
const RUN = 0;
const FINISH = 3;
const TELL_UNSUPPORTED_CHECK = 0x02;
const CONCATENATED = 0x08;
const NOTHING = new Uint8Array(0);

const STATUSES: readonly LzmaStatus[] = [
  "going-on",
  "ended",
  "going-on", // LZMA_NO_CHECK, which is not asked for
  "check-unsupported",
  "going-on", // LZMA_GET_CHECK, which is not asked for
  "memory-short",
  "memory-limit",
  "format-unknown",
  "options-unsupported",
  "data-damaged",
  "stuck",
];

function point(stream: Buffer, at: number, memory: Uint8Array): void {
  stream.writeBigUInt64LE(memory.byteLength === 0 ? 0n : addressOf(memory), at);
  stream.writeBigUInt64LE(BigInt(memory.byteLength), at + 8);
}

interface Functions {
  readonly startXz: (stream: Buffer, memoryLimit: number, flags: number) => number;
  readonly startLzma: (stream: Buffer, memoryLimit: number) => number;
  readonly code: (stream: Buffer, action: number) => Promise<number>;
  readonly end: (stream: Buffer) => number;
}

let library: { readonly functions: Functions | undefined } | undefined;

function bind(): Functions | undefined {
  // The layout of a `lzma_stream` is that of these.
  if (process.arch !== "x64" && process.arch !== "arm64") return undefined;
  return functionsOf(newest()) ?? functionsOf(openLibrary("liblzma.so.5"));
}

/** Undefined where a library has another name than its content, as a file of a package may. */
function functionsOf(found: Library | undefined): Functions | undefined {
  try {
    return (
      found && {
        startXz: found.function("lzma_stream_decoder", "int", ["void *", "uint64_t", "uint32_t"]),
        startLzma: found.function("lzma_alone_decoder", "int", ["void *", "uint64_t"]),
        code: found.slowFunction("lzma_code", "int", ["void *", "int"]),
        end: found.function("lzma_end", "void", ["void *"]),
      }
    );
  } catch {
    return undefined;
  }
}

/**
 * liblzma 5.8, which takes a quarter less time than the 5.4 that hosts have: it is linked into npm's node-liblzma,
 * whose binary serves as a plain library too. Undefined where npm left that out, or on another machine than it is for.
 */
function newest(): Library | undefined {
  const path = fileOfPackage("node-liblzma", `../../prebuilds/linux-${process.arch}/node-liblzma.node`);
  return path === undefined ? undefined : openLibrary(path);
}
