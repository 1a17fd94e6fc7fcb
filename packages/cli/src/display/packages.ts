import type { DistroEvent } from "@cooper/distro";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Shows how packages are found and fetched: each index as a task of its own, all packages of an image
 * as one.
 */
export function showPackages(terminal: Terminal): (event: DistroEvent) => void {
  const { progress } = terminal;
  let packages: Counts = NONE;
  const indexes = new Map<string, number>();
  const update = (note?: string): void => {
    const isDone = packages.running === 0 && packages.there >= packages.wanted;
    progress.update({
      id: "packages",
      label: `fetch ${packages.wanted} packages`,
      state: isDone ? "done" : "running",
      bytes: packages.bytes,
      total: packages.total === 0 ? undefined : packages.total,
      note: isDone ? undefined : note,
    });
    if (isDone) packages = NONE;
  };
  return (event) => {
    const isPackage = packages.wanted > 0;
    switch (event.type) {
      case "fetch-started":
        if (isPackage) {
          packages = { ...packages, running: packages.running + 1 };
          update(printable(event.label));
        } else
          progress.update({ id: event.label, label: `fetch ${printable(event.label)}`, state: "running" });
        break;
      case "fetch-progress":
        if (isPackage) packages = { ...packages, bytes: packages.bytes + event.bytes };
        else {
          const bytes = (indexes.get(event.label) ?? 0) + event.bytes;
          indexes.set(event.label, bytes);
          progress.update({
            id: event.label,
            label: `fetch ${printable(event.label)}`,
            state: "running",
            bytes,
          });
        }
        break;
      case "fetch-done":
        if (isPackage) {
          packages = { ...packages, there: packages.there + 1, running: packages.running - 1 };
          update();
        } else {
          const { label, bytes } = event;
          progress.update({ id: label, label: `fetch ${printable(label)}`, state: "done", bytes });
        }
        break;
      case "fetch-cached":
        terminal.detail(`${printable(event.label)}  in the cache`);
        if (isPackage) packages = { ...packages, there: packages.there + 1 };
        break;
      case "index-loaded":
        terminal.detail(`${printable(event.repository)}: ${event.packages} packages`);
        break;
      case "solved":
        packages = {
          ...packages,
          wanted: packages.wanted + event.packages,
          total: packages.total + event.downloadSize,
        };
        break;
      case "warning":
        terminal.note(`${printable(event.subject)}: ${printable(event.message)}`);
        break;
    }
  };
}

const NONE = { wanted: 0, there: 0, running: 0, bytes: 0, total: 0 } as const satisfies Counts;

interface Counts {
  readonly wanted: number;
  readonly there: number;
  readonly running: number;
  readonly bytes: number;
  readonly total: number;
}
