import { isFault } from "@cooper/sys";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { inParallel } from "../../fetch/in-parallel.ts";
import { parseCacheInfo } from "./cache-info.ts";

/** A place that has store paths as archives. */
export interface BinaryCache {
  /** Without a slash at its end. */
  readonly address: string;
  /** The lower, the sooner it is asked. */
  readonly priority: number;
}

/** Bytes of a nix-cache-info. */
const INFO_LIMIT = 64 * 2 ** 10;
const PARALLEL = 8;

/**
 * The caches that can be asked, in the order in which they are. One that does not answer, or is of a
 * kind that is not spoken to (`ssh:`, `s3:`, a store), is left out with a warning as long as there is
 * another. `REPOSITORY_INVALID`, and what fetching throws
 */
export async function openCaches(
  addresses: readonly string[],
  context: Context,
): Promise<readonly BinaryCache[]> {
  const opened = await inParallel(
    addresses,
    PARALLEL,
    async (written, cancel) => {
      try {
        return await openCache(written, { ...context, ...cancel });
      } catch (error) {
        if (!isFault(error)) throw error;
        return error;
      }
    },
    context,
  );
  const faults = opened.filter((one) => one instanceof Error);
  const caches = opened.filter((one): one is BinaryCache => !(one instanceof Error));
  const [fault] = faults;
  if (caches.length === 0 && fault !== undefined) throw fault;
  for (const { message } of faults) context.onEvent({ type: "warning", subject: "nix", message });
  return caches.toSorted((a, b) => a.priority - b.priority);
}

async function openCache(written: string, context: Context): Promise<BinaryCache> {
  const [address = "", query] = written.split("?", 2);
  if (
    /^[a-z][a-z0-9+.-]*:/iu.test(address) ? !/^(?:https?|file):/iu.test(address) : !address.startsWith("/")
  ) {
    throw new DistroError("REPOSITORY_INVALID", `${address} is no cache that can be asked`, {
      advice: "Caches have addresses with http:, https: or file:, or are paths.",
    });
  }
  const place = address.replace(/\/+$/u, "");
  const { bytes } = await context.fetcher.current(`${place}/nix-cache-info`, {
    limit: INFO_LIMIT,
    signal: context.signal,
  });
  const { priority } = parseCacheInfo(bytes.toString("utf8"), place);
  const wanted = new URLSearchParams(query).get("priority") ?? "";
  return { address: place, priority: /^\d{1,9}$/u.test(wanted) ? Number(wanted) : priority };
}
