import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { RegistryError } from "../errors.ts";
import type { TlsIdentity } from "../server.ts";

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface FollowTlsOptions {
  /** Is given what the files hold when they have changed. */
  readonly use: (identity: TlsIdentity) => void;
  /** Is told when they have changed and are of no use. */
  readonly fault: (error: unknown) => void;
  readonly signal: AbortSignal;
  /** How often they are looked at: milliseconds. Default 5000. */
  readonly everyMs?: number | undefined;
}

/** Reads a certificate and its key. `CONFIG_INVALID` if they are unreadable, or do not belong together. */
export function readTls({ certificate, key }: TlsFiles): TlsIdentity {
  try {
    const identity = { cert: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
    createSecureContext(identity);
    // An empty file is no fault to OpenSSL, only later to every client.
    if (!new X509Certificate(identity.cert).checkPrivateKey(createPrivateKey(identity.key))) {
      throw new Error("the key is that of another certificate");
    }
    return identity;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RegistryError("CONFIG_INVALID", `TLS cannot be spoken with ${certificate} and ${key}: ${why}`, {
      kind: "usage",
      cause: error,
      advice: "Both are PEM files; the certificate comes first in its file, and the key is its own.",
    });
  }
}

/** Looks at the files again and again, until the signal. Polling also sees what a mounted volume swaps in. */
export function followTls(files: TlsFiles, { use, fault, signal, everyMs = 5000 }: FollowTlsOptions): void {
  const stamp = (): string => [files.certificate, files.key].map(stampOf).join();
  let last = stamp();
  let failed: string | undefined;
  const timer = setInterval(() => {
    const now = stamp();
    if (now === last) return;
    try {
      use(readTls(files));
      last = now;
    } catch (error) {
      // Each state of the files is worth one word; a key that is written after its certificate makes another one.
      if (now === failed) return;
      failed = now;
      fault(error);
    }
  }, everyMs).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

function stampOf(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? "missing" : `${status.ino} ${status.mtimeMs} ${status.size}`;
}
