import type { DistroEvent } from "@cooper/distro";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/** Shows how packages are found and fetched. What is fetched at the same time is one task. */
export function showPackages(terminal: Terminal): (event: DistroEvent) => void {
  const { progress } = terminal;
  let batch = newBatch(0);
  const update = (state: "running" | "done"): void => {
    progress.update({
      id: `fetch ${batch.number}`,
      label: batch.files === 1 ? `fetch ${batch.first}` : `fetch ${batch.files} files`,
      state,
      bytes: batch.bytes,
      total: batch.isMeasured ? batch.total : undefined,
    });
  };
  return (event) => {
    switch (event.type) {
      case "fetch-started":
        batch.running++;
        batch.files++;
        if (batch.files === 1) batch.first = printable(event.label);
        if (event.size === undefined) batch.isMeasured = false;
        batch.total += event.size ?? 0;
        update("running");
        break;
      case "fetch-progress":
        batch.bytes += event.bytes;
        update("running");
        break;
      case "fetch-done":
        batch.running--;
        update(batch.running === 0 ? "done" : "running");
        if (batch.running === 0) batch = newBatch(batch.number + 1);
        break;
      case "fetch-cached":
        terminal.detail(`${printable(event.label)}  in the cache`);
        break;
      case "index-loaded":
        terminal.detail(`${printable(event.repository)}: ${event.packages} packages`);
        break;
      case "solved":
        terminal.detail(`${event.packages} packages`);
        break;
      case "warning":
        terminal.note(`${printable(event.subject)}: ${printable(event.message)}`);
        break;
    }
  };
}

interface Batch {
  readonly number: number;
  files: number;
  running: number;
  bytes: number;
  total: number;
  isMeasured: boolean;
  first: string;
}

function newBatch(number: number): Batch {
  return { number, files: 0, running: 0, bytes: 0, total: 0, isMeasured: true, first: "" };
}
