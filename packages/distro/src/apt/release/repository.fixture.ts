import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Platform, parsePlatform } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import {
  config,
  createCleartextMessage,
  createMessage,
  enums,
  generateKey,
  LiteralDataPacket,
  PacketList,
  type PrivateKey,
  readPrivateKey,
  sign,
  SignaturePacket,
} from "openpgp";
import type { DistroEvent } from "../../ecosystem/event.ts";
import { type ContextOptions, type OpenContext, openContext } from "../../ecosystem/open-context.ts";
import { paragraphOf } from "../solver/universe.fixture.ts";

/** The day on which everything here happens: seconds since 1970. */
export const NOW = Date.parse("2026-06-01T12:00:00Z") / 1000;
export const DAY = 86_400;
export const AMD64: Platform = parsePlatform("linux/amd64");

export interface TestKey {
  readonly secret: PrivateKey;
  /** Armored. */
  readonly public: string;
  readonly fingerprint: string;
}

export async function makeKey(
  options: { readonly created?: number; readonly lifetime?: number; readonly type?: "rsa" } = {},
): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKey({
    ...(options.type === "rsa" ? { type: "rsa", rsaBits: 2048 } : { type: "curve25519" }),
    userIDs: [{ name: "Test archive" }],
    date: new Date((options.created ?? NOW - 100 * DAY) * 1000),
    ...(options.lifetime === undefined ? {} : { keyExpirationTime: options.lifetime }),
    format: "armored",
  });
  const secret = await readPrivateKey({ armoredKey: privateKey });
  return { secret, public: publicKey, fingerprint: secret.getFingerprint().toUpperCase() };
}

export interface RepositoryOptions {
  readonly keys: readonly TestKey[];
  /** Packages in a line each, as `paragraphOf` reads them. */
  readonly packages?: readonly string[];
  /** The index of the first component, in place of one of `packages`. */
  readonly index?: string;
  readonly suite?: string;
  readonly components?: readonly string[];
  /** Further fields of the Release, and others in place of the usual ones. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly date?: number;
  readonly signedAt?: number;
  readonly signing?: "InRelease" | "armored" | "binary" | "weak" | "none";
  readonly compressions?: readonly (keyof typeof COMPRESSIONS)[];
  readonly digests?: "SHA256" | "SHA512" | "MD5Sum";
  /** The index's bytes as they are stored, to spoil them before they are listed. */
  readonly spoil?: (bytes: Buffer) => Buffer;
}

const COMPRESSIONS = {
  "": (bytes: Buffer) => bytes,
  ".gz": (bytes: Buffer) => gzipSync(bytes),
  ".zst": (bytes: Buffer) => zstdCompressSync(bytes),
} as const;

/** Writes a signed archive below `root`, and gives the path of its InRelease or Release. */
export async function writeRepository(root: string, options: RepositoryOptions): Promise<string> {
  const { suite = "stable", components = ["main"], digests = "SHA256", date = NOW - DAY } = options;
  const directory = join(root, "dists", suite);
  const listed: string[] = [];
  for (const component of components) {
    const packages = component === components[0] ? (options.packages ?? ["app Depends: lib", "lib"]) : [];
    const index = component === components[0] ? options.index : undefined;
    for (const extension of options.compressions ?? [".gz"]) {
      const made = COMPRESSIONS[extension](Buffer.from(index ?? packages.map(paragraphOf).join("")));
      const bytes = options.spoil?.(made) ?? made;
      const path = `${component}/binary-amd64/Packages${extension}`;
      const hex = createHash(digests === "MD5Sum" ? "md5" : digests)
        .update(bytes)
        .digest("hex");
      listed.push(` ${hex} ${bytes.length} ${path}`);
      write(join(directory, path), bytes);
      write(join(directory, dirname(path), "by-hash", digests, hex), bytes);
    }
  }
  const fields: Record<string, string> = {
    Origin: "Test",
    Suite: suite,
    Codename: suite,
    Date: new Date(date * 1000).toUTCString().replace("GMT", "UTC"),
    Architectures: "amd64",
    Components: components.join(" "),
    ...options.fields,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const text = [...lines, `${digests}:`, ...listed, ""].join("\n");
  return await writeSigned(directory, text, options);
}

async function writeSigned(directory: string, text: string, options: RepositoryOptions): Promise<string> {
  const { keys, signing = "InRelease", signedAt = NOW - DAY } = options;
  const settings = {
    signingKeys: keys.map(({ secret }) => secret),
    date: new Date(signedAt * 1000),
  } as const;
  const path = join(directory, signing === "InRelease" ? "InRelease" : "Release");
  if (signing === "InRelease") {
    const message = await createCleartextMessage({ text });
    write(path, await sign({ ...settings, message, format: "armored" }));
    return path;
  }
  write(path, text);
  const message = await createMessage({ binary: Buffer.from(text) });
  if (signing === "armored") {
    write(`${path}.gpg`, await sign({ ...settings, message, detached: true, format: "armored" }));
  } else if (signing === "binary") {
    write(`${path}.gpg`, Buffer.from(await sign({ ...settings, message, detached: true, format: "binary" })));
  }
  const [key] = keys;
  if (signing === "weak" && key !== undefined) write(`${path}.gpg`, await signWeakly(text, key));
  return path;
}

/** Over SHA-1, which the library itself does not sign any more. */
async function signWeakly(text: string, { secret }: TestKey): Promise<Buffer> {
  const literal = Object.assign(new LiteralDataPacket(), { data: Uint8Array.from(Buffer.from(text)) });
  const packet = new SignaturePacket();
  packet.signatureType = enums.signature.binary;
  packet.publicKeyAlgorithm = secret.keyPacket.algorithm;
  packet.hashAlgorithm = enums.hash.sha1;
  // Its types do not tell of the last parameter, which it needs.
  await (packet as unknown as { sign(...args: readonly unknown[]): Promise<void> }).sign(
    secret.keyPacket,
    literal,
    new Date((NOW - DAY) * 1000),
    true,
    { ...config, nonDeterministicSignaturesViaNotation: false },
  );
  const packets = new PacketList<SignaturePacket>();
  packets.push(packet);
  return Buffer.from(packets.write());
}

export function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A context of its own cache, on the day `NOW`, that tells its events. */
export async function testContext(
  t: TestContext,
  options: ContextOptions & { readonly now?: number } = {},
): Promise<OpenContext & { readonly events: readonly DistroEvent[] }> {
  const events: DistroEvent[] = [];
  const context = await openContext({
    cache: { directory: temporaryDirectory(t) },
    hostRoot: temporaryDirectory(t),
    environment: {},
    onEvent: (event) => events.push(event),
    ...options,
  });
  t.after(async () => await context.close());
  return { ...context, now: options.now ?? NOW, events };
}
