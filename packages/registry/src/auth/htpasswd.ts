import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { compare } from "bcryptjs";
import { RegistryError } from "../errors.ts";
import type { Credentials } from "./basic.ts";

export interface HtpasswdOptions {
  readonly path: string;
  /** Is told when the file has changed and cannot be read; what it held before still counts. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** A file of users and the bcrypt hashes of their passwords, as `htpasswd -B` writes it. */
export interface Htpasswd {
  /** Whether these are a user's credentials. `TOOMANYREQUESTS` while too many are being checked. */
  readonly authenticate: (credentials: Credentials) => Promise<boolean>;
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** A hash that costs half a second to check would let anyone stop the registry. */
const MAX_COST = 14;
/** How often the file is looked at: milliseconds. */
const LOOK_MS = 1000;
/** bcrypt is slow on purpose: so many checks at once, and so many that wait. */
const MAX_CHECKS = 2;
const MAX_WAITING = 64;
/** bcrypt looks at 72 bytes; more is somebody who tries what happens. */
const MAX_PASSWORD_BYTES = 1024;
/** Nobody's: a hash of random bytes. */
const DUMMY = "$2b$10$t2WOCowyeBYgs2L8V.yi2OSCQVVzCUUcI2veduvX2nYIQeXxiEHBK";

/** Opens the file, and reads it again when it changes. `CONFIG_INVALID` with the line that is wrong. */
export function openHtpasswd({ path, onFault }: HtpasswdOptions): Htpasswd {
  let hashes = readHtpasswd(path);
  let stamp = stampOf(path);
  let looked = performance.now();
  const key = randomBytes(32);
  const known = new Map<string, { readonly hash: string; readonly proof: Buffer }>();
  const checks = new Checks();
  const pending = new Map<string, Promise<boolean>>();

  const refresh = (): void => {
    const now = performance.now();
    if (now - looked < LOOK_MS) return;
    looked = now;
    const latest = stampOf(path);
    if (latest === stamp) return;
    stamp = latest;
    try {
      hashes = readHtpasswd(path);
    } catch (error) {
      onFault?.(error);
    }
  };

  return {
    authenticate: async ({ username, password }) => {
      refresh();
      const hash = hashes.get(username);
      // A password that was right is not hashed again for each of a pull's requests; a new hash makes it wrong.
      const proof = createHmac("sha256", key).update(password).digest();
      const earlier = known.get(username);
      if (earlier !== undefined && earlier.hash === hash && timingSafeEqual(earlier.proof, proof))
        return true;
      if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
      // For a user who is none another one's hash is checked, so that it takes as long.
      const [anyHash = DUMMY] = hashes.values();
      const against = hash ?? anyHash;
      // A client's first requests come side by side, with the same credentials.
      const id = `${proof.toString("hex")} ${against} ${username}`;
      let checking = pending.get(id);
      if (checking === undefined) {
        checking = checks.run(async () => await compare(password, against)).finally(() => pending.delete(id));
        pending.set(id, checking);
      }
      const isRight = await checking;
      if (!isRight || hash === undefined) return false;
      known.set(username, { hash, proof });
      return true;
    },
  };
}

/** Reads such a file. `CONFIG_INVALID` */
function readHtpasswd(path: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new RegistryError("CONFIG_INVALID", `the file of users ${path} cannot be read`, {
      kind: "usage",
      cause: error,
      advice: error instanceof Error ? error.message : String(error),
    });
  }
  const hashes = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    const entry = line.trim();
    if (entry === "" || entry.startsWith("#")) continue;
    const colon = entry.indexOf(":");
    const [username, hash] = [entry.slice(0, colon), entry.slice(colon + 1)];
    const [, cost] = BCRYPT.exec(hash) ?? [];
    if (colon <= 0 || cost === undefined || Number(cost) > MAX_COST) {
      // Not the line itself: it may hold a password.
      throw new RegistryError("CONFIG_INVALID", `${path}:${index + 1}: this is no user with a bcrypt hash`, {
        kind: "usage",
        advice: `Lines are written by htpasswd -B, with a cost of at most ${MAX_COST}; other hashes are not safe.`,
      });
    }
    hashes.set(username, hash);
  }
  return hashes;
}

/** Lets few checks run at once, and others wait in turn. */
class Checks {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  async run(check: () => Promise<boolean>): Promise<boolean> {
    if (this.#running >= MAX_CHECKS) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new RegistryError("TOOMANYREQUESTS", "too many passwords are being checked", {
          headers: { "Retry-After": "5" },
        });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      return await check();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}

function stampOf(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? "missing" : `${status.ino} ${status.mtimeMs} ${status.size}`;
}
