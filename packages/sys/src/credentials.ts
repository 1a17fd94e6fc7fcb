import { lastError, native, systemCall } from "./library.ts";

const PR_SET_PDEATHSIG = 1;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const CAPABILITY_VERSION_3 = 0x2008_0522;
const KEYCTL = systemCall(250, 219);
const KEYCTL_JOIN_SESSION_KEYRING = 1;

const prctl = native<[number, number, number, number, number]>("prctl", "int", [
  "int",
  "unsigned long",
  "unsigned long",
  "unsigned long",
  "unsigned long",
]);
const capset = native<[Uint8Array, Uint8Array]>("capset", "int", ["void *", "void *"]);
const keyctl = native<[number, number, null]>("syscall", "long", ["long", "int", "const char *"]);

/** In the order of their numbers (linux/capability.h). */
const CAPABILITIES = `
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
PERFMON BPF CHECKPOINT_RESTORE`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

/** A bit for each capability. */
function bitsOf(names: readonly string[]): bigint {
  return CAPABILITIES.reduce((bits, name, number) => {
    return names.includes(name) ? bits | (1n << BigInt(number)) : bits;
  }, 0n);
}

/** Has this thread killed when the one that started its process ends. Throws SysError. */
export function dieWithParent(signal: number): void {
  if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) < 0) throw lastError("prctl PR_SET_PDEATHSIG");
}

/** No program that this thread starts has more rights than it has. Throws SysError. */
export function refuseNewPrivileges(): void {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) throw lastError("prctl PR_SET_NO_NEW_PRIVS");
}

/** Takes from this thread, and all that it starts, every capability but these. Throws SysError. */
export function boundCapabilities(names: readonly string[]): void {
  const kept = bitsOf(names);
  // The kernel refuses the number after the last that it knows: capabilities(7).
  for (let capability = 0n; capability < 64n; capability++) {
    if ((kept & (1n << capability)) !== 0n) continue;
    if (prctl(PR_CAPBSET_DROP, Number(capability), 0, 0, 0) < 0) break;
  }
  // What is passed on without being root; kernels before 4.3 have no such thing, which is as good.
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/** What this thread may do from now on; it inherits nothing to what it starts but by being root. Throws SysError. */
export function setCapabilities(names: readonly string[]): void {
  const bits = bitsOf(names);
  const header = Buffer.alloc(8);
  header.writeUInt32LE(CAPABILITY_VERSION_3, 0);
  // Two of { effective, permitted, inheritable }: the low 32 bits and the high ones.
  const data = Buffer.alloc(24);
  for (const [at, half] of [bits & 0xffff_ffffn, bits >> 32n].entries()) {
    data.writeUInt32LE(Number(half), at * 12);
    data.writeUInt32LE(Number(half), at * 12 + 4);
  }
  if (capset(header, data) < 0) throw lastError("capset");
}

/** A key ring of its own for this thread and what it starts: keys of who started it are out of reach. Throws SysError. */
export function joinNewKeyring(): void {
  if (keyctl(KEYCTL, KEYCTL_JOIN_SESSION_KEYRING, null) < 0) throw lastError("keyctl");
}
