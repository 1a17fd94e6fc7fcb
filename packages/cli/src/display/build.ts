import { type BuildEvent, describe } from "@cooper/engine";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/** Shows a build: a task for each step, what it prints as lines where --verbose asks for them. */
export function showBuild(terminal: Terminal): (event: BuildEvent) => void {
  const { progress } = terminal;
  return (event) => {
    const label = printable(describe(event.step.operation));
    const id = event.step.digest;
    switch (event.type) {
      case "step-started":
        progress.update({ id, label, state: "running" });
        break;
      case "step-cached":
        terminal.detail(`${label}  as before`);
        break;
      case "step-output":
        for (const line of event.text.trimEnd().split("\n")) terminal.detail(`  ${printable(line)}`);
        break;
      case "step-done":
        progress.update({ id, label, state: "done", note: `${event.seconds.toFixed(1)} s` });
        break;
      case "step-failed":
        progress.update({ id, label, state: "failed" });
        break;
      case "step-stopped":
        progress.update({ id, label, state: "failed", note: "stopped" });
        break;
    }
  };
}
