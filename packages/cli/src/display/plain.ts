import { endedLine, Rate, runningLine } from "./progress.ts";
import type { Progress, Task } from "./progress.ts";

/** Milliseconds between two lines about the same task. */
const PERIOD = 10_000;

/** Progress as plain lines, for a log: one when a task ends, and one every ten seconds till then. */
export class PlainProgress implements Progress {
  readonly #write: (text: string) => void;
  readonly #tasks = new Map<string, { rate: Rate; toldAt: number }>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  update(task: Task): void {
    const now = performance.now();
    const known = this.#tasks.get(task.id) ?? { rate: new Rate(now, task.bytes ?? 0), toldAt: now };
    this.#tasks.set(task.id, known);
    if (task.state !== "running") {
      this.#tasks.delete(task.id);
      this.note(endedLine(task, known.rate, now));
    } else if (now - known.toldAt >= PERIOD) {
      known.toldAt = now;
      this.note(
        runningLine(task, known.rate.sample(now, task.bytes ?? 0), 200, (now - known.rate.startedAt) / 1000),
      );
    }
  }

  note(line: string): void {
    this.#write(`${line}\n`);
  }

  clear(): void {}

  handOver(): () => void {
    return () => {};
  }

  close(): void {
    this.#tasks.clear();
  }
}
