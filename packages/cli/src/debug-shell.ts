import { describe, type FailedStep, shellWords } from "@cooper/engine";
import { describeFault } from "./fault.ts";
import { printable } from "./display/printable.ts";
import type { Terminal } from "./display/terminal.ts";

/** For `--debug-on-failure`: a shell where a step failed, or how to get one where there is no terminal. */
export function debugShell(terminal: Terminal): (failed: FailedStep) => Promise<void> {
  return async ({ step, error, openShell }) => {
    if (!process.stdin.isTTY || !process.stdout.isTTY) {
      const again = shellWords(["cooper", ...withoutValues(process.argv.slice(2))]);
      terminal.note(
        `There is no terminal for a shell. To get one where the step failed, run on a terminal: ${again}`,
      );
      return;
    }
    terminal.note(describeFault("build", error, { verbose: terminal.verbose }));
    terminal.note(
      `A shell where ${printable(describe(step.operation))} failed; what it changes is thrown away.`,
    );
    const takeBack = terminal.progress.handOver();
    const status = await openShell();
    takeBack();
    if (status === undefined) terminal.note("What the step stands on has no shell.");
  };
}

/** The arguments without what --env says of secrets. */
function withoutValues(args: readonly string[]): readonly string[] {
  return args.map((argument, place) =>
    /^(?:-e|--env)$/.test(args[place - 1] ?? "") || /^(?:-e|--env)=?\w+=/.test(argument)
      ? argument.replace(/^((?:-e|--env)?=?\w+)=.*$/s, "$1")
      : argument,
  );
}
