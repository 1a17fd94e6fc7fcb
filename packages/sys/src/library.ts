import { createRequire } from "node:module";
import { join } from "node:path";
import type * as Koffi from "koffi";
import { SysError } from "./errors.ts";
import { cameWithCooper } from "./own-node.ts";

/** What a call is given: a number, a text that becomes a C string, or memory that C may also write. */
export type NativeValue = number | bigint | string | Uint8Array | null;

type NativeFunction<Arguments extends readonly NativeValue[]> = (...values: Arguments) => number;

interface Loaded {
  readonly koffi: typeof Koffi;
  readonly libc: Koffi.LibraryHandle;
}

let loaded: Loaded | undefined;

// A command that never needs it must not pay for it.
function load(): Loaded {
  if (loaded === undefined) {
    const require = createRequire(import.meta.url);
    const koffi: typeof Koffi = nativeKoffi(require) ?? require("koffi");
    loaded = { koffi, libc: koffi.load(null) };
  }
  return loaded;
}

/**
 * koffi's own binary, without the 10 ms in which its loader reads and compiles what finds out which one it
 * is: the Node that npm installs beside Cooper is built for glibc. Undefined under any other Node.
 */
function nativeKoffi(require: NodeJS.Require): typeof Koffi | undefined {
  const { arch, execPath } = process;
  if (!cameWithCooper(execPath)) return undefined;
  try {
    // As koffi would find it, wherever its own dependencies lie.
    return createRequire(require.resolve("koffi"))(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
  } catch {
    return undefined;
  }
}

/**
 * A function of the C library, found when it is first called. `result` and `parameters` are C types.
 * It gives what C gives: -1 tells of an error, and `lastErrno` says which.
 */
export function native<Arguments extends readonly NativeValue[]>(
  name: string,
  result: "int" | "long",
  parameters: readonly string[],
): NativeFunction<Arguments> {
  let found: NativeFunction<Arguments> | undefined;
  return (...values) => {
    found ??= load().libc.func(name, result, [...parameters]);
    return found(...values);
  };
}

/** Memory that C is given by its address: it must stay in use for as long as C may look at it. */
export function addressOf(memory: Uint8Array): bigint {
  return load().koffi.address(memory);
}

/** A library that may not be there, with the functions that are wanted of it. */
export interface Library {
  /** As `native`, but without an errno. */
  function(
    name: string,
    result: "int" | "long" | "void",
    parameters: readonly string[],
  ): NativeFunction<readonly NativeValue[]>;
  /** The same on one of libuv's threads; what it is given must stay in use until it has ended. */
  slowFunction(
    name: string,
    result: "int",
    parameters: readonly string[],
  ): (...values: readonly NativeValue[]) => Promise<number>;
}

/** Of the host, such as `liblzma.so.5`, or by its path. Undefined where there is no such library. */
export function openLibrary(name: string): Library | undefined {
  let handle: Koffi.LibraryHandle;
  try {
    handle = load().koffi.load(name);
  } catch {
    return undefined;
  }
  return {
    function: (wanted, result, parameters) => handle.func(wanted, result, [...parameters]),
    slowFunction: (wanted, result, parameters) => {
      const found = handle.func(wanted, result, [...parameters]);
      return async (...values) =>
        await new Promise((resolve, reject) => {
          found.async(...values, (error: Error | null, given: number) => {
            if (error === null) resolve(given);
            else reject(error);
          });
        });
    },
  };
}

/** A file of a package that may not be installed, by the way to it from what the package's name leads to. */
export function fileOfPackage(name: string, way: string): string | undefined {
  try {
    return join(createRequire(import.meta.url).resolve(name), way);
  } catch {
    return undefined;
  }
}

/** The errno of the last native call on this thread. */
export function lastErrno(): number {
  return load().koffi.errno();
}

/** The error of the last native call, to be thrown. */
export function lastError(call: string, path?: string | Uint8Array): SysError {
  return new SysError(lastErrno(), call, path === undefined ? undefined : printable(path));
}

/** A path as text for a message; bytes that are not UTF-8 show as U+FFFD. */
export function printable(path: string | Uint8Array): string {
  return typeof path === "string" ? path : Buffer.from(path).toString();
}

/** The numbers of system calls that the C library may lack (glibc before 2.33, musl). */
export function systemCall(x64: number, arm64: number): number {
  return process.arch === "arm64" ? arm64 : x64;
}
