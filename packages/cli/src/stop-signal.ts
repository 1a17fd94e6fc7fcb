import { constants } from "node:os";
import type { Terminal } from "./display/terminal.ts";

/**
 * The signal for a command that runs until it is told to stop, and has then done what it was asked:
 * its status is 0. A second SIGINT or SIGTERM does not wait for it.
 */
export function stopSignal(terminal: Terminal): AbortSignal {
  terminal.leaveSignals();
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (stopping.signal.aborted) process.exit(128 + constants.signals[name]);
      terminal.note("Stopping: transfers under way may end; the next signal does not wait for them");
      stopping.abort();
    });
  }
  return stopping.signal;
}
