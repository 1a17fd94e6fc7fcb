import type { DeflateJob, Deflated } from "./job.ts";

/** The part of WebAssembly's interface that is used here; Node's types lack it. */
declare const WebAssembly: {
  readonly Instance: new (module: unknown) => { readonly exports: unknown };
};

/** What packages/archive/deflate exports. */
interface DeflateExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Where the bytes go, with the window right before them. */
  readonly DATA: { readonly value: number };
  /** Where what they become is found. */
  readonly OUTPUT: { readonly value: number };
  readonly deflate: (window: number, length: number) => number;
}

/**
 * Gives a function that deflates with the module.
 *
 * A thread is started with the text of this function (`workers.ts`), so that no bundle has to carry a
 * file for it: it may use nothing of what stands outside.
 */
export function deflater(module: unknown): (job: DeflateJob) => Deflated {
  const { exports } = new WebAssembly.Instance(module);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own module; a test compiles it anew
  const { memory: own, DATA, OUTPUT, deflate } = exports as DeflateExports;
  const room = new Uint8Array(own.buffer);
  return ({ memory, start, length, window, output }) => {
    room.set(new Uint8Array(memory, start - window, window + length), DATA.value - window);
    const size = deflate(window, length);
    new Uint8Array(output).set(room.subarray(OUTPUT.value, OUTPUT.value + size));
    return { memory, output, size };
  };
}
