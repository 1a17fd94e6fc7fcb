import type { DistroEvent } from "@cooper/distro";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Shows how packages are found and fetched: each index as a task of its own, all packages of an image
 * as one.
 */
export function showPackages(terminal: Terminal): (event: DistroEvent) => void {
  const { progress } = terminal;
  const packages = { wanted: 0, there: 0, bytes: 0, total: 0 };
  const indexes = new Map<string, number>();
  const update = (note?: string): void => {
    progress.update({
      id: "packages",
      label: `fetch ${packages.wanted} packages`,
      state: packages.there >= packages.wanted ? "done" : "running",
      bytes: packages.bytes,
      total: packages.total === 0 ? undefined : packages.total,
      note,
    });
  };
  return (event) => {
    const isPackage = packages.wanted > 0;
    switch (event.type) {
      case "fetch-started":
        if (isPackage) update(printable(event.label));
        else progress.update({ id: event.label, label: `fetch ${printable(event.label)}`, state: "running" });
        break;
      case "fetch-progress":
        if (isPackage) packages.bytes += event.bytes;
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
        if (isPackage) arrived();
        else {
          const { label, bytes } = event;
          progress.update({ id: label, label: `fetch ${printable(label)}`, state: "done", bytes });
        }
        break;
      case "fetch-cached":
        terminal.detail(`${printable(event.label)}  in the cache`);
        if (isPackage) packages.there++;
        break;
      case "index-loaded":
        terminal.detail(`${printable(event.repository)}: ${event.packages} packages`);
        break;
      case "solved":
        packages.wanted += event.packages;
        packages.total += event.downloadSize;
        break;
      case "warning":
        terminal.note(`${printable(event.subject)}: ${printable(event.message)}`);
        break;
    }
  };

  function arrived(): void {
    packages.there++;
    update();
  }
}
