import type { RunEvent, SnapshotEvent } from "@cooper/engine";
import type { Terminal } from "./terminal.ts";
import { shortDigest } from "./transfer.ts";

/** Shows how an image is made ready. Once its container has started, terminal and signals are the container's. */
export function showRun(terminal: Terminal): (event: RunEvent | SnapshotEvent) => void {
  const { progress } = terminal;
  let unpacked = 0;
  return (event) => {
    switch (event.type) {
      case "layer-cached":
        terminal.detail(`layer ${shortDigest(event.diffId)}  already unpacked`);
        break;
      case "layer-start":
        progress.update({ id: "unpack", label: `unpack layer ${unpacked + 1}`, state: "running" });
        break;
      case "layer-done":
        unpacked++;
        break;
      case "reaped":
        terminal.note(`Removed what killed runs left: ${event.ids.join(", ")}`);
        break;
      case "published":
        for (const { address, hostPort, containerPort } of event.ports) {
          terminal.detail(`${address}:${hostPort} leads to port ${containerPort}`);
        }
        break;
      case "limit-weakened":
        terminal.note(event.text);
        break;
      case "started":
        if (unpacked > 0) {
          const label = `unpack ${unpacked} ${unpacked === 1 ? "layer" : "layers"}`;
          progress.update({ id: "unpack", label, state: "done" });
        }
        progress.close();
        terminal.leaveSignals();
        break;
    }
  };
}
