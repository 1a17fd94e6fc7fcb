import type { Cancellable } from "@cooper/archive";
import type { Collected, CollectableStorage } from "../storage/directory/collect/collect.ts";
import type { Storage } from "../storage/storage.ts";
import { expireMade } from "./expire-made.ts";
import type { Expired } from "./expire-made.ts";

export interface GcOptions extends Cancellable {
  /** What was used so lately is left alone: seconds. */
  readonly graceSeconds: number;
  /** An upload to which nothing was added for so long is given up: seconds. */
  readonly uploadSeconds: number;
  /** Made images that nobody has asked for in so long are not kept: seconds. */
  readonly madeSeconds: number;
  /** The most bytes of all made images together. */
  readonly madeBytes?: number | undefined;
  /** Whether a repository's images are made when they are asked for, so that they may go. Default: none are. */
  readonly isMade?: ((repository: string) => boolean) | undefined;
}

export type GcOutcome = Collected & { readonly expired: Expired };

/**
 * Takes away what nobody needs: made images that nobody asks for, uploads that nobody goes on with, blobs
 * that no manifest names. Safe while any number of processes serve the same storage.
 */
export async function collectGarbage(
  storage: Storage & CollectableStorage,
  options: GcOptions,
): Promise<GcOutcome> {
  const { graceSeconds, uploadSeconds, madeSeconds, madeBytes, isMade, signal } = options;
  const expired = await expireMade(storage, {
    ageSeconds: madeSeconds,
    bytes: madeBytes,
    now: Date.now() / 1000,
    signal,
  });
  const collected = await storage.collect({
    graceSeconds,
    uploadSeconds,
    dropsUntagged: isMade,
    neverTaggedSeconds: madeSeconds,
    signal,
  });
  return { ...collected, expired };
}
