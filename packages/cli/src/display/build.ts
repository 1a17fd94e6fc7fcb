import { type BuildEvent, describe } from "@cooper/engine";
import { describeFault } from "../fault.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Shows a build: a task for each step, with the last line that it printed while it runs; all that it
 * prints as lines where --verbose asks for them. Where progress is lines of JSON, events are those.
 */
export function showBuild(terminal: Terminal): (event: BuildEvent) => void {
  const { progress, events } = terminal;
  if (events !== undefined) return (event) => events(plainEvent(event));
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
      case "step-output": {
        const lines = event.text.trimEnd().split("\n").map(printable);
        for (const line of lines) terminal.detail(`  ${line}`);
        progress.update({ id, label, state: "running", note: lines.at(-1) });
        break;
      }
      case "step-done":
        progress.update({ id, label, state: "done", note: `${event.seconds.toFixed(1)} s` });
        break;
      case "step-failed":
        progress.update({ id, label, state: "failed" });
        break;
      case "limit-weakened":
        terminal.note(event.text);
        break;
      case "step-stopped":
        progress.update({ id, label, state: "stopped" });
        break;
    }
  };
}

/** An event as data: of its step the digest and what it does, in words. */
function plainEvent(event: BuildEvent): object {
  const { type, step } = event;
  const common = { type, step: step.digest, label: describe(step.operation) };
  switch (type) {
    case "step-output":
    case "limit-weakened":
      return { ...common, text: event.text };
    case "step-done":
      return { ...common, seconds: event.seconds };
    case "step-failed":
      return { ...common, error: describeFault("build", event.error, { verbose: false }) };
    case "step-started":
    case "step-cached":
    case "step-stopped":
      return common;
  }
  throw new Error("unreachable: a build has no other events");
}
