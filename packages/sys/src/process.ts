import { constants } from "node:fs";
import { addressOf, lastError, native } from "./library.ts";
import { cString } from "./path.ts";

const CLONE_NEWCGROUP = 0x0200_0000;
/** Its number is the same on every architecture; the C library of Debian 11 does not have it. */
const CLOSE_RANGE = 436;
const CLOSE_RANGE_CLOEXEC = 4;
const MAX_DESCRIPTOR = 0xffff_ffff;
const SIG_DFL = 0;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2_000_000;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;

const sethostname = native<[string, number]>("sethostname", "int", ["const char *", "unsigned long"]);
const unshare = native<[number]>("unshare", "int", ["int"]);
const signalCall = native<[number, number]>("signal", "long", ["int", "long"]);
const setrlimit = native<[number, Uint8Array]>("setrlimit", "int", ["int", "void *"]);
const execve = native<[string | Buffer, Uint8Array, Uint8Array]>("execve", "int", [
  "const char *",
  "void *",
  "void *",
]);
const socket = native<[number, number, number]>("socket", "int", ["int", "int", "int"]);
const ioctl = native<[number, number, Uint8Array]>("ioctl", "int", ["int", "unsigned long", "void *"]);
const fcntl = native<[number, number, number]>("fcntl", "int", ["int", "int", "int"]);
const close = native<[number]>("close", "int", ["int"]);
const closeRange = native<[number, number, number, number]>("syscall", "long", [
  "long",
  "unsigned int",
  "unsigned int",
  "unsigned int",
]);

/** The name of this UTS namespace's host. Throws SysError. */
export function setHostName(name: string): void {
  if (sethostname(name, Buffer.byteLength(name)) < 0) throw lastError("sethostname", name);
}

/** A cgroup namespace whose root is the cgroup that this process is in. Throws SysError. */
export function enterCgroupNamespace(): void {
  if (unshare(CLONE_NEWCGROUP) < 0) throw lastError("unshare CLONE_NEWCGROUP");
}

/** Has a signal do what it does by itself, where this process ignores it: programs inherit that. */
export function restoreSignal(signal: number): void {
  signalCall(signal, SIG_DFL);
}

/** By their names and numbers in asm-generic/resource.h. */
const RESOURCES = { RLIMIT_DATA: 2, RLIMIT_NPROC: 6 } as const;

export type Resource = keyof typeof RESOURCES;

/** The most of a resource that this process and what it starts may have: setrlimit(2). Throws SysError. */
export function limitResource(resource: Resource, soft: number, hard: number): void {
  const limits = Buffer.alloc(16);
  limits.writeBigUInt64LE(BigInt(soft), 0);
  limits.writeBigUInt64LE(BigInt(hard), 8);
  if (setrlimit(RESOURCES[resource], limits) < 0) throw lastError(`setrlimit ${resource}`);
}

/** Brings up the loopback of this network namespace. Throws SysError. */
export function bringUpLoopback(): void {
  const descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw lastError("socket");
  // struct ifreq: sixteen bytes of the name, then the flags.
  const request = Buffer.alloc(40);
  request.write("lo");
  request.writeUInt16LE(IFF_UP, 16);
  const status = ioctl(descriptor, SIOCSIFFLAGS, request);
  const error = status < 0 ? lastError("ioctl SIOCSIFFLAGS", "lo") : undefined;
  close(descriptor);
  if (error !== undefined) throw error;
}

/**
 * Becomes another program: execve(2). It has the rights of this thread, its standard streams, and no
 * other descriptor, neither of Node's nor of whoever started Node: close_range(2), Linux 5.11. Returns never;
 * throws SysError.
 */
export function becomeProgram(path: string, args: readonly string[], env: readonly string[]): never {
  const texts = [...args, ...env].map((text) => Buffer.from(`${String(cString(text))}\0`));
  // Both arrays of pointers, each with a null at its end, then the texts that they point to.
  const pointers = Buffer.alloc((args.length + env.length + 2) * 8);
  const memory = Buffer.concat([pointers, ...texts]);
  let address = addressOf(memory) + BigInt(pointers.length);
  for (const [at, text] of texts.entries()) {
    memory.writeBigUInt64LE(address, (at < args.length ? at : at + 1) * 8);
    address += BigInt(text.length);
  }
  for (const descriptor of [0, 1, 2]) passOn(descriptor);
  if (closeRange(CLOSE_RANGE, 3, MAX_DESCRIPTOR, CLOSE_RANGE_CLOEXEC) < 0) throw lastError("close_range");
  execve(cString(path), memory, memory.subarray((args.length + 1) * 8));
  throw lastError("execve", path);
}

/** Node has its streams closed on exec, and writes to them without waiting, which programs do not expect. */
function passOn(descriptor: number): void {
  const flags = fcntl(descriptor, F_GETFL, 0) & ~constants.O_NONBLOCK;
  if (fcntl(descriptor, F_SETFL, flags) < 0 || fcntl(descriptor, F_SETFD, 0) < 0)
    throw lastError("fcntl", `descriptor ${descriptor}`);
}
