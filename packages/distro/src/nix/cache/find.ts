import { type CooperError, isFault } from "@cooper/sys";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { storePathOf } from "../store/store-path.ts";
import type { StorePath } from "../store/store-path.ts";
import type { BinaryCache } from "./binary-cache.ts";
import { type Narinfo, parseNarinfo } from "./narinfo.ts";
import { checkSignature, type PublicKeys } from "./signature.ts";

/** Caches in the order in which they are asked, and whose signatures count. */
export interface TrustedCaches {
  readonly caches: readonly BinaryCache[];
  readonly keys: PublicKeys;
  /** What was warned of already. */
  readonly distrusted: Set<string>;
}

/** A store path in a cache that is trusted to have it. */
export interface Located {
  readonly narinfo: Narinfo;
  readonly cache: BinaryCache;
  /** The key's name; undefined where signatures are let pass. */
  readonly signedBy: string | undefined;
}

/** Bytes of a narinfo: some thousand references. */
const NARINFO_LIMIT = 2 ** 20;

/**
 * Looks for a store path in each cache in turn. What one of them says that cannot be read or trusted
 * is passed over with a warning, as Nix does, and counts as soon as no other has the path.
 *
 * Undefined where no cache has it. `INDEX_…`, `KEY_UNKNOWN`, `SIGNATURE_INVALID`, and what fetching throws
 */
export async function findPath(
  path: StorePath,
  caches: TrustedCaches,
  context: Context,
): Promise<Located | undefined> {
  const { keys, distrusted } = caches;
  const faults: Fault[] = [];
  for (const cache of caches.caches) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next cache is asked only if this one has nothing
      const narinfo = await narinfoIn(cache, path, context);
      const signedBy = context.signatures === "required" ? checkSignature(narinfo, keys) : undefined;
      for (const fault of faults) warn(fault, path, distrusted, context);
      return { narinfo, cache, signedBy };
    } catch (error) {
      if (!isFault(error)) throw error;
      if (error.code !== "NOT_FOUND") faults.push({ cache, error });
    }
  }
  const [first] = faults;
  if (first !== undefined) throw first.error;
  return undefined;
}

interface Fault {
  readonly cache: BinaryCache;
  readonly error: CooperError;
}

/** Once for each cache and kind of fault: a cache whose key is not trusted has it with every path. */
function warn({ cache, error }: Fault, path: StorePath, distrusted: Set<string>, context: Context): void {
  const key = `${error.code} ${cache.address}`;
  if (distrusted.has(key)) return;
  distrusted.add(key);
  const message = `${error.message}; another cache has it, and what else is so is not told`;
  context.onEvent({ type: "warning", subject: path.name, message });
}

async function narinfoIn(cache: BinaryCache, path: StorePath, context: Context): Promise<Narinfo> {
  const { bytes } = await context.fetcher.current(`${cache.address}/${path.hash}.narinfo`, {
    limit: NARINFO_LIMIT,
    label: `${path.name} (narinfo)`,
    signal: context.signal,
  });
  const narinfo = parseNarinfo(bytes.toString("utf8"), path.name);
  // The signature is over the path it names; that it is the one asked for has to be looked at here.
  if (narinfo.path.base !== path.base) {
    throw new DistroError("INDEX_INVALID", `the narinfo of ${path.name} is that of ${narinfo.path.name}`, {
      fields: { path: storePathOf(path.base), found: storePathOf(narinfo.path.base) },
    });
  }
  return narinfo;
}
