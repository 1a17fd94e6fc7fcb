import { inspect, styleText } from "node:util";

const LEVELS = ["debug", "info", "warn", "error"] as const;

export type Level = (typeof LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** Where a service writes what happens. */
export type Log = (level: Level, message: string, fields?: LogFields) => void;

export interface LogOptions {
  /** "json": an object a line, for programs. "plain": for people. */
  readonly format: "json" | "plain";
  /** The least that is written. */
  readonly level: Level;
  readonly write: (line: string) => void;
  /** The time: milliseconds. */
  readonly now: () => number;
}

/** Makes a log. A line is one event, whatever a client put into its request. */
export function createLog({ format, level, write, now }: LogOptions): Log {
  const least = LEVELS.indexOf(level);
  const line = format === "json" ? jsonLine : plainLine;
  return (grade, message, fields = {}) => {
    if (LEVELS.indexOf(grade) >= least) write(`${line(new Date(now()), grade, message, fields)}\n`);
  };
}

function jsonLine(time: Date, level: Level, message: string, fields: LogFields): string {
  return JSON.stringify({ time: time.toISOString(), level, message, ...fields }, (_key, value: unknown) =>
    value instanceof Error ? described(value) : value,
  );
}

function plainLine(time: Date, level: Level, message: string, fields: LogFields): string {
  const clock = time.toTimeString().slice(0, 8);
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${plainValue(value)}`);
  const shown = level === "info" ? message : `${level}: ${message}`;
  return [styleText("dim", clock, { stream: process.stderr }), shown, ...pairs].join(" ");
}

function plainValue(value: unknown): string {
  const text = value instanceof Error ? described(value) : typeof value === "string" ? value : inspect(value);
  // What a client chose may hold anything; a log must stay one line and move no cursor.
  return /^[\x21-\x7e]+$/.test(text) && !text.includes('"')
    ? text
    : JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, "?");
}

/** An error and what caused it, on one line. */
function described(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? ` [${error.code}]` : "";
  const cause = error.cause instanceof Error ? `: ${described(error.cause)}` : "";
  return `${error.message}${code}${cause}`;
}
