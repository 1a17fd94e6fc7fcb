import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileFault } from "@cooper/archive";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { parsePublicKeys, type PublicKeys } from "../cache/signature.ts";
import { readSettings } from "./nix-conf.ts";

/** Which caches are asked, and whose signatures count. */
export interface Configuration {
  /** Addresses as they are written; never empty. */
  readonly caches: readonly string[];
  readonly keys: PublicKeys;
}

/**
 * What was given with the request, and for the rest the host's nix.conf: `substituters` and
 * `trusted-public-keys`. Nix has caches and keys of its own where nothing is said; Cooper has none.
 * `REPOSITORY_INVALID`, `KEY_INVALID`
 */
export async function readConfiguration(context: Context): Promise<Configuration> {
  const { repositories, keyrings } = context;
  const settings =
    repositories === undefined || keyrings === undefined ? await readSettings(context) : undefined;
  const caches = repositories ?? settings?.get("substituters") ?? [];
  if (caches.length === 0) {
    throw new DistroError("REPOSITORY_INVALID", "no cache of Nix is configured", {
      kind: "usage",
      advice:
        "Give --repository, or write substituters and trusted-public-keys into nix.conf or $NIX_CONFIG.",
    });
  }
  const written =
    keyrings === undefined ? (settings?.get("trusted-public-keys") ?? []) : await keysIn(keyrings);
  return { caches: [...new Set(caches)], keys: parsePublicKeys(written.join("\n")) };
}

/** The text of files with keys, and of those that lie in directories. Lines may have comments. */
async function keysIn(keyrings: readonly string[]): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const path of keyrings) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      const files = (await stat(path)).isDirectory() ? (await readdir(path)).toSorted() : [undefined];
      for (const file of files) {
        // oxlint-disable-next-line no-await-in-loop
        const text = await readFile(file === undefined ? path : join(path, file), "utf8");
        texts.push(text.replaceAll(/#.*$/gmu, ""));
      }
    } catch (error) {
      throw fileFault("read", path, error);
    }
  }
  return texts;
}
