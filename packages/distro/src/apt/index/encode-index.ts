import { type ByteStream, giveBack } from "@cooper/archive";
import { DistroError } from "../../errors.ts";
import { INDEX_FILE_VERSION, MAGIC } from "./index-layout.ts";
import { ENCODE_MODULE } from "./module.ts";

/** Bytes of memory that are taken because somebody said how large an index is. */
const MOST_ROOM = 128 * 2 ** 20;
/** Bytes that are read at once: they and what is made of them stay near the processor. */
const PIECE = 256 * 1024;

/** The part of WebAssembly's interface that is used here; Node's types lack it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** What packages/distro/apt-index exports; all numbers are places and lengths in its memory. */
interface EncodeExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly start: (size: number) => void;
  /** Where so many bytes are to be put, which `take` reads then. The memory may grow: there is another buffer. */
  readonly room: (length: number) => number;
  readonly take: (length: number) => void;
  /** Where the file is. */
  readonly finish: (magic: number, version: number) => number;
  readonly fileSize: () => number;
}

/** Why an index is refused, in the order of packages/distro/apt-index/memory.ts. */
const REFUSALS: readonly ((place: number, shown: string) => DistroError)[] = [
  () => new DistroError("INDEX_TOO_LARGE", "the index needs more memory than can be had for it"),
  () => new DistroError("INDEX_TOO_LARGE", "the index has more than 2000000 packages"),
  (place) => invalid(place, "a line continues nothing"),
  (place) => invalid(place, "a line is no field"),
  (place, shown) => invalid(place, `${shown} is no package's name, in the paragraph that ends here`),
];

/**
 * A `Packages` file in the form of index-layout.ts; parsed as it comes. `size` is how many bytes it has, where
 * that is known: then memory is taken once. `INDEX_INVALID`, `INDEX_TOO_LARGE`
 */
export async function encodeIndex(stream: ByteStream, size?: number): Promise<Buffer> {
  const encoder = new IndexEncoder(size);
  for await (const chunk of stream) {
    encoder.add(chunk);
    giveBack(chunk);
  }
  return encoder.finish();
}

let module: object | undefined;

/**
 * Parses a `Packages` file piece by piece. WebAssembly does: in JavaScript the same took four times as
 * long, most of it for a million short copies. The file is a part of its memory, which is no one else's.
 */
export class IndexEncoder {
  readonly #encode: EncodeExports;

  constructor(size: number = 2 ** 20) {
    module ??= new WebAssembly.Module(Buffer.from(ENCODE_MODULE, "base64"));
    const { exports } = new WebAssembly.Instance(module, { host: { refuse: this.#refuse } });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own module; a test compiles it anew
    this.#encode = exports as EncodeExports;
    this.#encode.start(Math.min(size, MOST_ROOM));
  }

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += PIECE) {
      const piece = chunk.subarray(at, at + PIECE);
      const place = this.#encode.room(piece.length);
      this.#bytes(place, piece.length).set(piece);
      this.#encode.take(piece.length);
    }
  }

  /** The whole file. */
  finish(): Buffer {
    const place = this.#encode.finish(MAGIC, INDEX_FILE_VERSION);
    return this.#bytes(place, this.#encode.fileSize());
  }

  #bytes(place: number, length: number): Buffer {
    // An address is signed for JavaScript.
    return Buffer.from(this.#encode.memory.buffer, place >>> 0, length >>> 0);
  }

  readonly #refuse = (reason: number, place: number, from: number, to: number): never => {
    const shown = JSON.stringify(this.#bytes(from, to - from).toString("latin1"));
    throw (
      REFUSALS[reason]?.(place, shown) ?? new Error(`the index is refused for no known reason: ${reason}`)
    );
  };
}

function invalid(at: number, why: string): DistroError {
  return new DistroError("INDEX_INVALID", `at byte ${at} of the index: ${why}`, { fields: { byte: at } });
}
