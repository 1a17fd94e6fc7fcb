import { clip, endedLine, Rate, runningLine } from "./progress.ts";
import type { Progress, Task } from "./progress.ts";

/** Milliseconds between two pictures. */
const PERIOD = 100;
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_LINE = "\u001b[2K";

export interface Screen {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** Progress on a terminal: a line for each running task, redrawn in place; what has ended stays above. */
export class LiveProgress implements Progress {
  readonly #screen: Screen;
  readonly #tasks = new Map<string, { task: Task; rate: Rate }>();
  #above: string[] = [];
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the screen is somebody else's now. */
  #isAway = false;
  readonly #restore = (): void => this.close();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  update(task: Task): void {
    const now = performance.now();
    const rate = this.#tasks.get(task.id)?.rate ?? new Rate(now, task.bytes ?? 0);
    if (task.state === "running") {
      this.#tasks.set(task.id, { task, rate });
    } else {
      this.#tasks.delete(task.id);
      this.#above.push(endedLine(task, rate, now));
    }
    if (this.#timer === undefined && !this.#isAway) this.#start();
  }

  note(line: string): void {
    this.#above.push(line);
    if (!this.#isAway) this.#draw();
  }

  handOver(): () => void {
    this.clear();
    this.#stop();
    this.#isAway = true;
    return () => {
      this.#isAway = false;
      if (this.#tasks.size > 0) this.#start();
      else this.clear();
    };
  }

  clear(): void {
    this.#picture([]);
  }

  close(): void {
    this.#isAway = false;
    this.#tasks.clear();
    this.clear();
    this.#stop();
  }

  #stop(): void {
    process.off("exit", this.#restore);
    clearInterval(this.#timer);
    if (this.#timer !== undefined) this.#screen.write(SHOW_CURSOR);
    this.#timer = undefined;
  }

  #start(): void {
    process.on("exit", this.#restore); // also when something calls process.exit
    this.#screen.write(HIDE_CURSOR);
    this.#timer = setInterval(() => this.#draw(), PERIOD);
    this.#timer.unref();
  }

  #draw(): void {
    // A terminal that nobody has told its size says 0.
    const { columns = 0, rows = 0 } = this.#screen;
    const width = columns === 0 ? 79 : Math.max(20, columns - 1);
    const height = Math.max(1, Math.min(16, (rows === 0 ? 24 : rows) - 2));
    const now = performance.now();
    const running = [...this.#tasks.values()];
    const lines = running
      .slice(0, height)
      .map(({ task, rate }) =>
        runningLine(task, rate.sample(now, task.bytes ?? 0), width, (now - rate.startedAt) / 1000),
      );
    if (running.length > height) lines.push(clip(`… and ${running.length - height} more`, width));
    this.#picture(lines);
  }

  /** Puts what stays above, and `lines` in place of the picture before. */
  #picture(lines: readonly string[]): void {
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : "";
    const picture = [...this.#above, ...lines].map((line) => `\r${CLEAR_LINE}${line}\n`).join("");
    if (up === "" && picture === "") return;
    // What is left of the picture before, when there are fewer lines now, is cleared below.
    this.#screen.write(`${up}${picture}\u001b[0J`);
    this.#above = [];
    this.#drawn = lines.length;
  }
}
