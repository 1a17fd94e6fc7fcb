import { ExitCode, run } from "@stricli/core";
import type { Invocation } from "./command.ts";
import { Terminal } from "./display/terminal.ts";
import { describeFault, exitStatus, Stopped } from "./fault.ts";
import { application, commandName } from "./routes.ts";

/** Runs the command that `args` name and gives the exit status: 0, 1, 2, 3, 75, or 128 + a signal. */
export async function main(args: readonly string[]): Promise<number> {
  const stopping = new AbortController();
  const leaveSignals = stopWith(stopping);
  const name = commandName(args);
  let status: number | undefined;
  const invocation: Omit<Invocation, "process"> = {
    async attempt(flags, action) {
      const verbose = flags.verbose ?? false;
      const quiet = flags.quiet ?? false;
      const terminal = new Terminal({ quiet, verbose, signal: stopping.signal, leaveSignals });
      try {
        await action(terminal);
        terminal.close();
        status = terminal.status;
      } catch (error) {
        terminal.close();
        if (verbose || !stopping.signal.aborted) {
          process.stderr.write(`${describeFault(name, error, { verbose })}\n`);
        }
        status = exitStatus(error);
      }
      if (stopping.signal.reason instanceof Stopped) status = stopping.signal.reason.status;
    },
  };
  const { stdout, stderr, env } = process;
  const outcome: { exitCode?: number | string | null } = {};
  const standIn = Object.assign(outcome, { stdout, stderr, env });
  if (args[0] === "__complete") {
    const { completions } = await import("./completion.ts");
    stdout.write(await completions(args.slice(1), { ...invocation, process: standIn }));
    return 0;
  }
  await run(await application(args), args, { ...invocation, process: standIn });
  return status ?? (outcome.exitCode === ExitCode.Success ? 0 : 2);
}

/**
 * The first signal asks politely, so that nothing half-made stays; the second does not wait. Gives
 * what leaves the signals to somebody else.
 */
function stopWith(stopping: AbortController): () => void {
  let left = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (left) return;
      const stopped = new Stopped(signal);
      if (stopping.signal.aborted) process.exit(stopped.status);
      stopping.abort(stopped);
    });
  }
  // A reader that has seen enough (`cooper ls … | head`) is no fault worth a word.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    stopping.abort(new Stopped("SIGPIPE"));
  });
  process.stderr.on("error", () => {});
  return () => {
    left = true;
  };
}
