import type { RunEvent, SnapshotEvent } from "@cooper/engine";
import type { Terminal } from "./terminal.ts";
import { shortDigest } from "./transfer.ts";

/** Shows how an image is made ready. Once its container has started, terminal and signals are the container's. */
export function showRun(terminal: Terminal): (event: RunEvent | SnapshotEvent) => void {
  const { progress } = terminal;
  let unpacking = "";
  return (event) => {
    switch (event.type) {
      case "layer-cached":
        terminal.detail(`layer ${shortDigest(event.diffId)}  already unpacked`);
        break;
      case "layer-start":
        unpacking = `unpack layer ${event.descriptor === undefined ? "" : shortDigest(event.descriptor.digest)}`;
        progress.update({ id: unpacking, label: unpacking, state: "running" });
        break;
      case "layer-done":
        progress.update({ id: unpacking, label: unpacking, state: "done" });
        break;
      case "reaped":
        terminal.note(`Removed what killed runs left: ${event.ids.join(", ")}`);
        break;
      case "published":
        for (const { address, hostPort, containerPort } of event.ports) {
          terminal.detail(`${address}:${hostPort} leads to port ${containerPort}`);
        }
        break;
      case "started":
        progress.close();
        terminal.leaveSignals();
        break;
    }
  };
}
