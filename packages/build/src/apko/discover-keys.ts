import { createPublicKey } from "node:crypto";
import type { OpenContext } from "@cooper/distro";
import { isFault } from "@cooper/sys";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { keyFile } from "./keyring.ts";

const MAX_BYTES = 2 ** 20;

const configuration = z.object({ jwks_uri: z.string() });
/** RFC 7517; apk knows keys by name, and signs with RSA alone. */
const keySet = z.object({
  keys: z
    .array(
      z.object({
        kid: z.string().regex(/^[^/\0]{1,200}$/u),
        kty: z.literal("RSA"),
        n: z.string(),
        e: z.string(),
      }),
    )
    .max(100),
});

/**
 * The keys that repositories themselves say they are signed with, as files: `apk-configuration` below a
 * repository names a set of them, as apko has it. Who serves it vouches for them, so only https counts, and a
 * warning says whose word was taken. A repository that says nothing has none. `KEYS_INVALID`
 */
export async function discoverKeys(
  repositories: readonly string[],
  context: OpenContext,
): Promise<readonly string[]> {
  const addresses = repositories.map((line) => line.replace(/^@\S+\s+/u, "").trim());
  const found = await Promise.all(
    [...new Set(addresses)]
      .filter((address) => /^https:/iu.test(address))
      .map(async (address) => await keysOf(address.replace(/\/+$/u, ""), context)),
  );
  return found.flat();
}

async function keysOf(repository: string, context: OpenContext): Promise<readonly string[]> {
  const address = `${repository}/apk-configuration`;
  const said = await jsonAt(address, configuration, context);
  if (said === undefined) return [];
  const place = URL.canParse(said.jwks_uri, address) ? new URL(said.jwks_uri, address).href : "";
  if (!place.startsWith("https:")) {
    throw invalid(address, `names keys at ${JSON.stringify(said.jwks_uri)}, which is no https: address`);
  }
  const set = await jsonAt(place, keySet, context);
  if (set === undefined) throw invalid(address, `names keys at ${place}, and there are none`);
  return await Promise.all(
    set.keys.map(async ({ kid, ...jwk }) => {
      const name = `${kid}.rsa.pub`;
      const message = `${name} is trusted on the word of ${new URL(repository).host}: name it in contents.keyring to hold to it`;
      context.onEvent({ type: "warning", subject: repository, message });
      return await keyFile(name, Buffer.from(pemOf(jwk, place)), context);
    }),
  );
}

function pemOf(jwk: { readonly kty: string; readonly n: string; readonly e: string }, place: string): string {
  try {
    return createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" }).toString();
  } catch (cause) {
    throw invalid(place, "has a key that is none", cause);
  }
}

/** What a file on the web says; undefined where there is none. */
async function jsonAt<T>(
  address: string,
  schema: z.ZodType<T>,
  { fetcher, signal }: OpenContext,
): Promise<T | undefined> {
  let text: string;
  try {
    text = (await fetcher.current(address, { limit: MAX_BYTES, signal })).bytes.toString("utf8");
  } catch (error) {
    if (isFault(error, "NOT_FOUND", "OFFLINE")) return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw invalid(address, "is not what apko has there", cause);
  }
}

function invalid(address: string, what: string, cause?: unknown): BuildError {
  return new BuildError("KEYS_INVALID", `${address} ${what}`, {
    cause,
    advice: "Name the repository's key in contents.keyring.",
    fields: { address },
  });
}
