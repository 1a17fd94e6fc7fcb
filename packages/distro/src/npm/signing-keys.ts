import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileFault } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import { DistroError } from "../errors.ts";
import type { Registries } from "./registries.ts";

/** A key that a registry signs with. */
export interface SigningKey {
  /** `SHA256:…` */
  readonly id: string;
  /** Seconds since 1970 from which on it signs nothing more; undefined while it is in use. */
  readonly expires: number | undefined;
  /** DER. */
  readonly spki: Buffer;
}

export interface SigningKeys {
  readonly byId: ReadonlyMap<string, SigningKey>;
  /** Of all keys: what was checked with others is checked anew. */
  readonly digest: string;
}

/**
 * The keys of a registry: from files that were given, `.json` as the registry publishes them; else
 * from the registry itself, over TLS. Undefined where it publishes none. `KEY_INVALID`
 */
export async function keysOf(
  address: string,
  registries: Registries,
  context: Context,
): Promise<SigningKeys | undefined> {
  const files = context.keyrings?.filter(isKeyFile) ?? [];
  if (files.length > 0) {
    const texts = await Promise.all(files.map(async (path) => ({ path, text: await readKeyFile(path) })));
    return collect(texts.flatMap(({ path, text }) => parseKeys(text, path)));
  }
  const text = await fetchKeys(address, registries, context);
  return text === undefined ? undefined : collect(parseKeys(text, "what the registry gives for its keys"));
}

/** Of the keyrings that are given, those in JSON are a registry's; others are the base's. */
export function isKeyFile(path: string): boolean {
  return path.endsWith(".json");
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw fileFault("read", path, error);
  }
}

/** Bytes; a registry has two or three keys. */
const MAX_KEYS = 2 ** 20;

async function fetchKeys(
  address: string,
  registries: Registries,
  context: Context,
): Promise<string | undefined> {
  const url = `${address}-/npm/v1/keys`;
  try {
    const { bytes } = await context.fetcher.current(url, {
      limit: MAX_KEYS,
      label: "npm keys",
      ...registries.access(url),
      signal: context.signal,
    });
    await context.cache.storeRecord("npm-keys", address, { published: true });
    return bytes.toString("utf8");
  } catch (error) {
    if (isFault(error, "NOT_FOUND")) {
      const before = publishedSchema.safeParse(await context.cache.record("npm-keys", address));
      if (before.success && before.data.published) throw withdrawn(error);
      await context.cache.storeRecord("npm-keys", address, { published: false });
      return undefined;
    }
    if (!isFault(error, "OFFLINE")) throw error;
    const before = publishedSchema.safeParse(await context.cache.record("npm-keys", address));
    if (before.success && !before.data.published) return undefined;
    throw error;
  }
}

const publishedSchema = z.object({ published: z.boolean() });

const keysSchema = z.looseObject({
  keys: z.array(
    z.looseObject({
      keyid: z.string(),
      key: z.base64(),
      expires: z.iso.datetime({ offset: true }).nullable().optional(),
    }),
  ),
});

function parseKeys(text: string, from: string): readonly SigningKey[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DistroError("KEY_INVALID", `${from}: no JSON`, { cause });
  }
  const read = keysSchema.safeParse(json);
  if (!read.success) {
    throw new DistroError("KEY_INVALID", `${from}: ${z.prettifyError(read.error)}`, { cause: read.error });
  }
  return read.data.keys.map(({ keyid, key, expires }) => ({
    id: keyid,
    spki: Buffer.from(key, "base64"),
    expires: typeof expires === "string" ? Date.parse(expires) / 1000 : undefined,
  }));
}

function collect(keys: readonly SigningKey[]): SigningKeys {
  const hash = createHash("sha256");
  for (const { id, expires, spki } of keys)
    hash.update(`${id} ${expires ?? ""} ${spki.toString("base64")}\n`);
  return { byId: new Map(keys.map((key) => [key.id, key])), digest: hash.digest("hex") };
}

function withdrawn(cause: unknown): DistroError {
  return new DistroError("INDEX_UNSIGNED", "the registry published keys before, and has none any more", {
    cause,
    advice: "Ask its keepers; with --keyring FILE the keys that it had are used.",
  });
}
