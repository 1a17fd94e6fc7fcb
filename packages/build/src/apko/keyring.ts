import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { OpenContext } from "@cooper/distro";

/** No public key is larger. */
const MAX_KEY_BYTES = 64 * 2 ** 10;

/**
 * The keys of a keyring as files: those at addresses are fetched, under the names that their addresses
 * end in. Whoever writes such an address into the file trusts what is there.
 */
export async function keyFiles(keys: readonly string[], context: OpenContext): Promise<readonly string[]> {
  return await Promise.all(
    keys.map(async (key) =>
      /^https?:/iu.test(key) ? await fetchKey(key, context) : key.replace(/^file:\/\//u, ""),
    ),
  );
}

async function fetchKey(address: string, context: OpenContext): Promise<string> {
  const { fetcher, signal } = context;
  const { bytes } = await fetcher.current(address, { limit: MAX_KEY_BYTES, signal });
  return await keyFile(basename(new URL(address).pathname) || "key.pub", bytes, context);
}

/** A key as a file under its name, which is what a signature calls it by. */
export async function keyFile(name: string, bytes: Uint8Array, { cache }: OpenContext): Promise<string> {
  const digest = createHash("sha256").update(bytes).digest("hex");
  const directory = await cache.derived("apk-key", `${name} sha256:${digest}`, async (path) => {
    await mkdir(path);
    writeFileSync(join(path, name), bytes);
  });
  return join(directory, name);
}
