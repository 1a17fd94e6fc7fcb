import { inspect, styleText } from "node:util";
import { CooperError } from "@cooper/sys";
import type { FaultKind } from "@cooper/sys";

/** The exit status for each kind of fault (docs/errors.md). */
const STATUS: Readonly<Record<FaultKind, number>> = { failed: 1, usage: 2, host: 3, passing: 75 };

/** Why a command was stopped from outside, and the status it then ends with. */
export class Stopped extends Error {
  readonly status: number;

  constructor(signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGPIPE") {
    super(`stopped by ${signal}`);
    this.name = "AbortError";
    this.status = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 }[signal];
  }
}

/** The exit status that stands for `error`. */
export function exitStatus(error: unknown): number {
  return error instanceof CooperError ? STATUS[error.kind] : 1;
}

/**
 * What is printed of an error: what failed and why, its code, and what to do about it. With
 * `verbose`, its fields, causes and stack too.
 */
export function describeFault(
  command: string,
  error: unknown,
  options: { readonly verbose: boolean },
): string {
  const what = styleText("red", `cooper: ${command} failed:`, { stream: process.stderr });
  const lines = [`${what} ${sentence(error)}`];
  const advice = error instanceof CooperError ? error.advice : adviceFor(error);
  if (advice !== undefined) lines.push(`  ${advice}`);
  if (options.verbose) lines.push(inspect(error));
  return lines.join("\n");
}

function sentence(error: unknown): string {
  if (error instanceof AggregateError && error.message === "" && error.errors.length > 0) {
    return error.errors.map(sentence).join("; ");
  }
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string"
    ? `${error.message} [${error.code}]`
    : error.message;
}

/** An error that nobody threw on purpose is a mistake of ours, unless the system made it. */
function adviceFor(error: unknown): string | undefined {
  if (error instanceof Error && "syscall" in error) return undefined;
  return "This is a mistake in Cooper: run it again with --verbose and report what it prints.";
}
