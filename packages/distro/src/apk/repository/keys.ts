import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import type { TrustedKeys } from "../index/signature.ts";

/** No public key is larger. */
const MAX_KEY_BYTES = 64 * 2 ** 10;

type Configuration = Pick<Context, "keyrings" | "environment" | "hostRoot">;

/** The keys that may sign an index, by their file names. `KEY_INVALID` */
export function trustedKeys(configuration: Configuration): TrustedKeys {
  const keys = new Map<string, Uint8Array>();
  for (const path of keyringPaths(configuration)) readInto(keys, path);
  return keys;
}

/**
 * Where trusted keys are: the files and directories that an option gives, else those in
 * `COOPER_APK_KEYS` (with colons between), else the machine's own `/etc/apk/keys`.
 */
export function keyringPaths({ keyrings, environment, hostRoot }: Configuration): readonly string[] {
  const given = keyrings ?? environment["COOPER_APK_KEYS"]?.split(delimiter).filter((path) => path !== "");
  if (given !== undefined && given.length > 0) return given;
  const own = join(hostRoot, "etc/apk/keys");
  return statSync(own, { throwIfNoEntry: false }) === undefined ? [] : [own];
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
