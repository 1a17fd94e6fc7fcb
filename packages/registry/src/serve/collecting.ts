import { setTimeout as pause } from "node:timers/promises";
import { collectGarbage } from "../gc/gc.ts";
import type { GcOutcome } from "../gc/gc.ts";
import type { CollectableStorage } from "../storage/directory/collect/collect.ts";
import type { Storage } from "../storage/storage.ts";
import type { Log } from "./log/log.ts";
import { Counter, Reading } from "./metrics/exposition.ts";
import type { Metric } from "./metrics/exposition.ts";
import type { ServeSettings } from "./settings/schema.ts";

export interface CollectingOptions {
  readonly storage: Storage & CollectableStorage;
  readonly settings: ServeSettings;
  readonly isMade: ((repository: string) => boolean) | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface Collecting {
  readonly metrics: readonly Metric[];
  /** Collects again and again until the signal; never fails: what goes wrong is logged, and tried again. */
  run(): Promise<void>;
}

/** Garbage collection as a part of the service. */
export function collecting({ storage, settings, isMade, log, signal }: CollectingOptions): Collecting {
  const runs = new Counter("cooper_registry_gc_runs_total", "Garbage collections that have ended");
  const removed = new Counter("cooper_registry_gc_removed_total", "What garbage collections removed");
  const freed = new Counter("cooper_registry_gc_freed_bytes_total", "Bytes that garbage collections freed");
  let last: { readonly outcome: GcOutcome; readonly seconds: number } | undefined;
  const kept = (): GcOutcome["kept"] | undefined => last?.outcome.kept;

  const collect = async (): Promise<void> => {
    const started = performance.now();
    const outcome = await collectGarbage(storage, { ...gcOptions(settings), isMade, signal });
    runs.add(1, { outcome: outcome.outcome });
    if (outcome.outcome === "busy") return;
    last = { outcome, seconds: (performance.now() - started) / 1000 };
    const { blobs, uploads, manifests, bytes } = outcome.removed;
    const counts = { blobs, uploads, manifests, images: outcome.expired.images };
    for (const [what, count] of Object.entries(counts)) removed.add(count, { what });
    freed.add(bytes);
    log("info", "Collected what nobody needs", {
      ...counts,
      bytes,
      seconds: Math.round(last.seconds * 10) / 10,
    });
  };

  return {
    metrics: [
      runs,
      removed,
      freed,
      new Reading(
        "cooper_registry_gc_seconds",
        "Seconds of the last garbage collection",
        "gauge",
        () => last?.seconds,
      ),
      new Reading(
        "cooper_registry_blobs",
        "Blobs, at the last garbage collection",
        "gauge",
        () => kept()?.blobs,
      ),
      new Reading("cooper_registry_blob_bytes", "Their bytes", "gauge", () => kept()?.bytes),
    ],
    run: async () => {
      if (settings.gcEvery === 0 || settings.mode === "read-only") return;
      while (!signal.aborted) {
        try {
          // Several processes that were started together need not ask for the lock together.
          await pause(settings.gcEvery * 1000 * (0.9 + Math.random() * 0.2), undefined, { signal });
          await collect();
        } catch (error) {
          if (signal.aborted) return;
          runs.add(1, { outcome: "failed" });
          log("error", "The garbage collection failed", { error });
        }
      }
    },
  };
}

/** What the settings say about collecting. */
export function gcOptions(settings: ServeSettings): {
  readonly graceSeconds: number;
  readonly uploadSeconds: number;
  readonly madeSeconds: number;
  readonly madeBytes: number | undefined;
} {
  const { gcGrace, gcUploads, madeTime, madeBytes } = settings;
  return { graceSeconds: gcGrace, uploadSeconds: gcUploads, madeSeconds: madeTime, madeBytes };
}
