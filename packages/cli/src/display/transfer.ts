import type { TransferEvent } from "@cooper/transport";
import type { Progress } from "./progress.ts";

/** Shows what a copy or a write tells of its layers. Configs and manifests are too small to be shown. */
export function showTransfer(progress: Progress): (event: TransferEvent) => void {
  return ({ type, what, id, digest, bytes, total }) => {
    if (what !== "layer") return;
    progress.update({
      id,
      label: digest === undefined ? id : `layer ${shortDigest(digest)}`,
      state: type === "start" || type === "bytes" ? "running" : "done",
      bytes: type === "exists" || type === "mounted" || type === "skipped" ? total : bytes,
      total,
      note: NOTES[type],
    });
  };
}

const NOTES: Readonly<Partial<Record<TransferEvent["type"], string>>> = {
  exists: "already there",
  mounted: "mounted",
  skipped: "skipped: a foreign layer",
};

/** The start of a digest, enough to tell it from others: `sha256:0123456789ab…` is `0123456789ab`. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, 12);
}
