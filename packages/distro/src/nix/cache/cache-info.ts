import { DistroError } from "../../errors.ts";
import { STORE_DIRECTORY } from "../store/store-path.ts";

/** What a cache's `nix-cache-info` says. */
export interface CacheInfo {
  /** The lower, the sooner it is asked. */
  readonly priority: number;
}

/** Nix asks caches that do not say after those that do. */
const DEFAULT_PRIORITY = 50;

/** A cache's own description. `REPOSITORY_INVALID`: it is none, or of a store that lies elsewhere. */
export function parseCacheInfo(text: string, address: string): CacheInfo {
  const fields = new Map(
    text.split("\n").map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).trim()];
    }),
  );
  const directory = fields.get("StoreDir");
  if (directory !== STORE_DIRECTORY) {
    const found = directory === undefined ? "has no StoreDir" : `is of ${directory.slice(0, 200)}`;
    throw new DistroError("REPOSITORY_INVALID", `the nix-cache-info of ${address} ${found}`, {
      advice: `Only caches of ${STORE_DIRECTORY} can be used.`,
      fields: { address },
    });
  }
  const priority = fields.get("Priority") ?? "";
  return { priority: /^\d{1,9}$/u.test(priority) ? Number(priority) : DEFAULT_PRIORITY };
}
