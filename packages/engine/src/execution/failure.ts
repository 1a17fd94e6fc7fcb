import { constants } from "node:os";
import { EngineError } from "../errors.ts";
import type { ExecLimits, ExecOperation } from "../graph/operation.ts";
import { shellWords } from "../graph/shell-words.ts";
import type { RuntimeOutcome } from "../runtime/runtime.ts";

/** The error of a command that ended with another status than 0: in words where a limit was the reason. */
export function stepFailure(operation: ExecOperation, outcome: RuntimeOutcome, tail: string): EngineError {
  const ended = `ended with status ${outcome.status}${inWords(outcome.status)}`;
  const { reached } = outcome;
  const what = reached === undefined ? ended : `${ended}: ${limitInWords(reached, operation.limits ?? {})}`;
  const fields = { status: outcome.status, ...(reached === undefined ? {} : { limit: reached }) };
  return failure("STEP_FAILED", what, operation, tail, fields);
}

export function lateStep(operation: ExecOperation, seconds: number, tail: string): EngineError {
  return failure("STEP_TIMEOUT", `took longer than ${seconds} seconds`, operation, tail, { limit: "time" });
}

function failure(
  code: "STEP_FAILED" | "STEP_TIMEOUT",
  what: string,
  operation: ExecOperation,
  tail: string,
  fields: Readonly<Record<string, string | number>>,
): EngineError {
  const command = shellWords(operation.command);
  const name = operation.label === undefined ? command : operation.label;
  const lines = [
    `the step ${JSON.stringify(name)} ${what}`,
    `  Its command, in ${operation.directory}: ${command}`,
    ...(tail === "" ? ["  It printed nothing."] : ["  The end of what it printed:", tail]),
  ];
  return new EngineError(code, lines.join("\n"), {
    fields: { command, directory: operation.directory, ...fields },
    advice: "--verbose shows all that it prints; --debug-on-failure opens a shell where it failed.",
  });
}

/** What a shell's user knows of a status. */
function inWords(status: number): string {
  if (status === 126) return " (the program cannot be run)";
  if (status === 127) return " (a program was not found)";
  const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return signal === undefined ? "" : ` (${signal[0]})`;
}

function limitInWords(reached: "memory" | "processes", limits: ExecLimits): string {
  if (reached === "processes") return "it reached its limit of processes, and could start no more";
  const most = limits.memory === undefined ? "the host has" : `its limit of ${limits.memory / 2 ** 20} MiB`;
  return `it ran out of memory: it wanted more than ${most}`;
}
