import { isFault } from "@cooper/sys";
import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import { nameOf, type PackageLock, parsePackageLock } from "./package-lock.ts";
import type { Registries } from "./registries.ts";
import { ABBREVIATED, MAX_DOCUMENT } from "./runtime.ts";
import { together } from "./together.ts";

/** Packages that stand alone: npm's answer follows from the wish and from what the registry says of them. */
export interface Wish {
  /** Ranges, versions and tags by name. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** What the registry says of all of them now, and how npm is configured: the record's key. */
  readonly key: string;
}

/**
 * What npm's answer to a wish may depend on, as it is before npm is asked. Undefined where the registry
 * does not say it: then npm says what is wrong.
 */
export async function readWish(
  dependencies: Readonly<Record<string, string>>,
  target: string,
  registries: Registries,
  context: Context,
): Promise<Wish | undefined> {
  try {
    const said = await together(context, (inner) =>
      Object.keys(dependencies).map(async (name) => {
        const url = `${registries.address(registries.pathFor(name))}${name.replace("/", "%2f")}`;
        const { headers, proxy } = registries.access(url);
        const { digest } = await inner.fetcher.current(url, {
          limit: MAX_DOCUMENT,
          label: name,
          headers: { accept: ABBREVIATED, ...headers },
          proxy,
          signal: inner.signal,
        });
        return digest;
      }),
    );
    const { configuration } = registries;
    return {
      dependencies,
      key: JSON.stringify([VERSION, dependencies, said, target, configuration, process.version]),
    };
  } catch (error) {
    if (isFault(error, "NOT_FOUND", "OFFLINE", "FETCH_FAILED", "FILE_TOO_LARGE")) return undefined;
    throw error;
  }
}

/** Raised when npm is asked otherwise. */
const VERSION = 1;
const KIND = "npm-lock";

/** What npm answered to just this wish before. */
export async function solvedBefore({ key }: Wish, { cache }: Context): Promise<PackageLock | undefined> {
  const record = recordSchema.safeParse(await cache.record(KIND, key)).data;
  return record === undefined ? undefined : parsePackageLock(record.lock);
}

/** Remembers npm's answer where it is of nothing but what was wished for: of others nothing was read. */
export async function rememberSolved(
  { key, dependencies }: Wish,
  lock: string,
  { cache }: Context,
): Promise<void> {
  const isAlone = [...parsePackageLock(lock)].every(
    ([place, entry]) => entry.inBundle === true || Object.hasOwn(dependencies, nameOf(place, entry)),
  );
  if (isAlone) await cache.storeRecord(KIND, key, { lock });
}

const recordSchema = z.object({ lock: z.string() });
