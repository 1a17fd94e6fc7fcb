import { readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileFault } from "@cooper/archive";
import type { Key } from "openpgp";
import { DistroError } from "../../errors.ts";
import { filesIn } from "../sources/host.ts";
import type { SignedBy } from "../sources/source.ts";

/** Keys whose signature counts. */
export interface Keyring {
  readonly keys: readonly Key[];
}

/** Where keys are looked for. */
export interface KeyringOptions {
  /** Of the source; undefined where the host's trusted keys count. */
  readonly signedBy: SignedBy | undefined;
  /** Instead of all others: files or directories. */
  readonly keyrings: readonly string[] | undefined;
  /** The host's files stand under this. */
  readonly root: string;
}

/** A keyring is some kilobytes. */
const MAX_BYTES = 16 * 2 ** 20;
const ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/** `KEY_INVALID`, `FILE_MISSING`, `FILE_UNREADABLE` */
export async function loadKeyring({ signedBy, keyrings, root }: KeyringOptions): Promise<Keyring> {
  if (keyrings !== undefined) return { keys: await readFiles(keyrings.flatMap(expand)) };
  const trusted = async (): Promise<readonly Key[]> => await readFiles(trustedFiles(root));
  if (signedBy === undefined) return { keys: await trusted() };
  const { files, fingerprints, keys } = signedBy;
  const inline = await Promise.all(
    keys.map(async (text) => await readKeysOf(Buffer.from(text), "Signed-By")),
  );
  const named = await readFiles(files.map((path) => (isAbsolute(path) ? join(root, path) : path)));
  const all = fingerprints.length === 0 ? [] : await trusted();
  return {
    keys: [
      ...inline.flat(),
      ...named,
      ...all.filter((key) =>
        key.getKeys().some((each) => fingerprints.includes(each.getFingerprint().toLowerCase())),
      ),
    ],
  };
}

function trustedFiles(root: string): readonly string[] {
  const etc = join(root, "etc/apt");
  return [...filesIn(join(etc, "trusted.gpg.d")), join(etc, "trusted.gpg")].filter(
    (path) => /\.(gpg|asc)$/.test(path) && isFile(path),
  );
}

function expand(path: string): readonly string[] {
  if (isFile(path)) return [path];
  const files = filesIn(path).filter((file) => /\.(gpg|asc|pgp|key)$/.test(file));
  if (files.length > 0) return files;
  throw new DistroError("KEY_INVALID", `${path} is no keyring, and no directory with one`, {
    kind: "usage",
    fields: { path },
  });
}

async function readFiles(paths: readonly string[]): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for (const path of paths) {
    // One by one: their order decides which of two keys with one fingerprint counts.
    // oxlint-disable-next-line no-await-in-loop
    keys.push(...(await readKeysOf(readBounded(path), path)));
  }
  return keys;
}

/** Binary, or one or more armored blocks. `KEY_INVALID` */
async function readKeysOf(bytes: Buffer, label: string): Promise<readonly Key[]> {
  if (bytes.length === 0) return [];
  const { readKeys } = await import("openpgp");
  try {
    if (!bytes.includes(ARMOR)) return await readKeys({ binaryKeys: bytes });
    const blocks = bytes.toString("latin1").split(ARMOR).slice(1);
    const keys = await Promise.all(
      blocks.map(async (block) => await readKeys({ armoredKeys: `${ARMOR}${block}` })),
    );
    return keys.flat();
  } catch (cause) {
    throw new DistroError("KEY_INVALID", `${label} holds no OpenPGP keys that can be read`, {
      cause,
      fields: { path: label },
    });
  }
}

function readBounded(path: string): Buffer {
  try {
    if (statSync(path).size <= MAX_BYTES) return readFileSync(path);
  } catch (error) {
    throw fileFault("read", path, error);
  }
  throw new DistroError("FILE_TOO_LARGE", `${path} is too large for a keyring`, { fields: { path } });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
