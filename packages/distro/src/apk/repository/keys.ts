import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import type { TrustedKeys } from "../index/signature.ts";

/** No public key is larger. */
const MAX_KEY_BYTES = 64 * 2 ** 10;

/**
 * The keys that may sign an index, by their file names: of the files and directories that an option
 * gives, else of those in `COOPER_APK_KEYS` (with colons between), else of the machine's own
 * `/etc/apk/keys`. Keys are never fetched: whoever trusts a repository says so. `KEY_INVALID`
 */
export function trustedKeys({
  keyrings,
  environment,
  hostRoot,
}: Pick<Context, "keyrings" | "environment" | "hostRoot">): TrustedKeys {
  const given = keyrings ?? environment["COOPER_APK_KEYS"]?.split(delimiter).filter((path) => path !== "");
  const keys = new Map<string, Uint8Array>();
  if (given !== undefined && given.length > 0) {
    for (const path of given) readInto(keys, path);
    return keys;
  }
  const own = join(hostRoot, "etc/apk/keys");
  if (statSync(own, { throwIfNoEntry: false }) !== undefined) readInto(keys, own);
  return keys;
}

function readInto(keys: Map<string, Uint8Array>, path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw invalid(path, "there is no such file or directory");
  if (status.isDirectory()) {
    for (const name of readdirSync(path).toSorted()) {
      if (name.endsWith(".pub")) readInto(keys, join(path, name));
    }
    return;
  }
  if (status.size > MAX_KEY_BYTES) throw invalid(path, `it has ${status.size} bytes`);
  keys.set(basename(path), readFileSync(path));
}

function invalid(path: string, what: string): DistroError {
  return new DistroError("KEY_INVALID", `${path} is no key: ${what}`, {
    kind: "usage",
    advice: "Give the file of a public key, or a directory of such files whose names end in .pub.",
    fields: { path },
  });
}
