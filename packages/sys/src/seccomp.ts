import { constants } from "node:os";
import { SysError } from "./errors.ts";
import { type Library, openLibrary } from "./library.ts";

/** A filter of system calls, as the runtime specification writes it (config-linux.md, "Seccomp"). */
export interface SystemCallFilter {
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SystemCallRule[];
}

/** What is done at system calls of these names, where all `args` fit. */
export interface SystemCallRule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_NE" | "SCMP_CMP_MASKED_EQ";
  }[];
}

// seccomp.h of libseccomp.
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const ATTRIBUTE_NO_NEW_PRIVILEGES = 3;
const COMPARISONS = { SCMP_CMP_NE: 1, SCMP_CMP_EQ: 4, SCMP_CMP_MASKED_EQ: 7 } as const;
const ARCHITECTURES: Readonly<Record<string, number | undefined>> = {
  SCMP_ARCH_X86: 0x4000_0003,
  SCMP_ARCH_X86_64: 0xc000_003e,
  SCMP_ARCH_X32: 0x4000_003e,
  SCMP_ARCH_ARM: 0x4000_0028,
  SCMP_ARCH_AARCH64: 0xc000_00b7,
};
const NO_SUCH_CALL = -1;

/** Whether this host has the library that makes filters: libseccomp, which apt needs too. */
export function hasSystemCallFilters(): boolean {
  return libseccomp() !== undefined;
}

/**
 * Makes a filter ready; what it gives puts it on this thread and all that this starts, for good. That
 * needs CAP_SYS_ADMIN, or no new privileges. Throws SysError; ENOENT where there is no libseccomp.
 */
export function prepareFilter(filter: SystemCallFilter): () => void {
  const library = libseccomp();
  if (library === undefined) throw new SysError(constants.errno.ENOENT, "dlopen", LIBRARY);
  const { init, addArchitecture, setAttribute, addRule, load } = library;
  const context = init(ERRNO | filter.defaultErrnoRet);
  if (context === 0) throw new SysError(constants.errno.ENOMEM, "seccomp_init");
  setAttribute(context, ATTRIBUTE_NO_NEW_PRIVILEGES, 0);
  for (const name of filter.architectures) {
    const architecture = ARCHITECTURES[name];
    // The machine's own is there already, which is no mistake.
    if (architecture !== undefined)
      check(addArchitecture(context, architecture), "seccomp_arch_add", constants.errno.EEXIST);
  }
  for (const rule of filter.syscalls) {
    const action =
      rule.action === "SCMP_ACT_ALLOW" ? ALLOW : ERRNO | (rule.errnoRet ?? constants.errno.EPERM);
    const comparisons = comparisonsOf(rule);
    for (const name of rule.names) {
      const call = library.resolve(name);
      if (call === NO_SUCH_CALL) continue;
      check(addRule(context, action, call, rule.args?.length ?? 0, comparisons), `seccomp_rule_add ${name}`);
    }
  }
  return () => check(load(context), "seccomp_load");
}

/** An array of struct scmp_arg_cmp: { unsigned arg; int op; uint64 a, b; }. */
function comparisonsOf({ args = [] }: SystemCallRule): Buffer {
  const memory = Buffer.alloc(args.length * 24);
  for (const [at, { index, op, value, valueTwo = 0 }] of args.entries()) {
    memory.writeUInt32LE(index, at * 24);
    memory.writeUInt32LE(COMPARISONS[op], at * 24 + 4);
    memory.writeBigUInt64LE(BigInt(value), at * 24 + 8);
    memory.writeBigUInt64LE(BigInt(valueTwo), at * 24 + 16);
  }
  return memory;
}

function check(result: number, call: string, allowed?: number): void {
  if (result < 0 && -result !== allowed) throw new SysError(-result, call);
}

const LIBRARY = "libseccomp.so.2";

type Functions = ReturnType<typeof bind>;
let found: { readonly functions: Functions | undefined } | undefined;

function libseccomp(): Functions | undefined {
  if (found === undefined) {
    const library = openLibrary(LIBRARY);
    found = { functions: library === undefined ? undefined : bind(library) };
  }
  return found.functions;
}

function bind(
  library: Library,
): Readonly<
  Record<"init" | "addArchitecture" | "setAttribute" | "addRule" | "load" | "resolve", NativeCall>
> {
  return {
    init: library.function("seccomp_init", "long", ["uint32_t"]),
    addArchitecture: library.function("seccomp_arch_add", "int", ["long", "uint32_t"]),
    setAttribute: library.function("seccomp_attr_set", "int", ["long", "int", "uint32_t"]),
    addRule: library.function("seccomp_rule_add_array", "int", [
      "long",
      "uint32_t",
      "int",
      "unsigned int",
      "void *",
    ]),
    load: library.function("seccomp_load", "int", ["long"]),
    resolve: library.function("seccomp_syscall_resolve_name", "int", ["const char *"]),
  };
}

type NativeCall = ReturnType<Library["function"]>;
