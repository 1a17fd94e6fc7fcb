import { formatBytes, formatSeconds } from "./units.ts";

/** One thing that is going on, as last heard of: a layer on its way, a step. */
export interface Task {
  /** Tells it from the others; told again with the same id, it is the same task. */
  readonly id: string;
  readonly label: string;
  readonly state: "running" | "done" | "failed" | "stopped";
  /** Bytes so far. */
  readonly bytes?: number | undefined;
  /** Bytes in all, where that is known. */
  readonly total?: number | undefined;
  /** A few words at the end of the line: `exists`, `mounted from a/b`. */
  readonly note?: string | undefined;
}

/** Draws tasks and notes on stderr. */
export interface Progress {
  update(task: Task): void;
  /** A line that stays. */
  note(line: string): void;
  /** Takes away what moves until the next change, so that something else can be printed. */
  clear(): void;
  /** Leaves the screen to somebody else, such as a shell, until what this gives is called. */
  handOver(): () => void;
  /** Takes away what moves and gives the cursor back. */
  close(): void;
}

/** How fast a task goes: bytes per second over about the last two seconds. */
export class Rate {
  readonly startedAt: number;
  #at: number;
  #bytes: number;
  #perSecond = 0;

  constructor(now: number, bytes: number) {
    this.startedAt = now;
    this.#at = now;
    this.#bytes = bytes;
  }

  /** Takes a new count of bytes at `now` (milliseconds) and gives bytes per second. */
  sample(now: number, bytes: number): number {
    const seconds = (now - this.#at) / 1000;
    if (seconds < 0.05) return this.#perSecond;
    const latest = Math.max(0, bytes - this.#bytes) / seconds;
    const weight = this.#perSecond === 0 ? 1 : 1 - Math.exp(-seconds / 2);
    this.#perSecond += (latest - this.#perSecond) * weight;
    this.#at = now;
    this.#bytes = bytes;
    return this.#perSecond;
  }

  /** Bytes per second from the start to `now`. */
  average(now: number, bytes: number): number {
    return bytes / Math.max((now - this.startedAt) / 1000, 0.001);
  }
}

/** The line of a task that is under way for so many seconds, at most `width` columns wide. */
export function runningLine(task: Task, perSecond: number, width: number, seconds = 0): string {
  const bytes = task.bytes ?? 0;
  const counts =
    task.total === undefined
      ? bytes > 0
        ? formatBytes(bytes)
        : ""
      : `${formatBytes(bytes)} / ${formatBytes(task.total)}`;
  const rate = perSecond > 0 ? `${formatBytes(perSecond)}/s` : "";
  const left = (task.total ?? 0) - bytes;
  const eta = perSecond > 0 && left > 0 ? `${formatSeconds(left / perSecond)} left` : "";
  // What counts no bytes counts seconds.
  const since = counts === "" && seconds >= 1 ? formatSeconds(seconds) : "";
  const facts = [counts, rate, eta, since, task.note ?? ""].filter((fact) => fact !== "").join("  ");
  const bar = task.total !== undefined && task.total > 0 ? drawBar(bytes / task.total, 20) : "";
  for (const parts of [
    [task.label, bar, facts],
    [task.label, facts],
    ...(counts === "" ? [] : [[task.label, counts]]),
  ]) {
    const line = parts.filter((part) => part !== "").join("  ");
    if (line.length <= width) return line;
  }
  // How long it runs, and the last thing that it said, are worth more than the end of a long name.
  const most = Math.max(Math.ceil(width / 2), width - facts.length - 2);
  const label = task.label.length > most ? clip(task.label, most) : task.label;
  return clip([label, facts].filter((part) => part !== "").join("  "), width);
}

/** The line that stays when a task has ended. */
export function endedLine(task: Task, rate: Rate, now: number): string {
  const bytes = task.bytes ?? task.total;
  const seconds = (now - rate.startedAt) / 1000;
  const speed = bytes !== undefined && seconds > 0.2 ? `${formatBytes(rate.average(now, bytes))}/s` : "";
  const facts = [
    task.label,
    bytes === undefined ? "" : formatBytes(bytes),
    task.state === "failed" || task.state === "stopped" ? task.state : (task.note ?? ""),
    speed,
  ];
  return facts.filter((fact) => fact !== "").join("  ");
}

function drawBar(part: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * width);
  return `[${"=".repeat(full)}${" ".repeat(width - full)}]`;
}

export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
