import type { Progress, Task } from "./progress.ts";

/** Progress as lines of JSON, for programs: each has a `type`; docs/engine.md lists them. */
export class JsonProgress implements Progress {
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  update({ id, label, state, bytes, total, note }: Task): void {
    this.event({ type: "task", id, label, state, bytes, total, note });
  }

  note(line: string): void {
    this.event({ type: "note", text: line });
  }

  event(value: object): void {
    this.#write(`${JSON.stringify(value)}\n`);
  }

  clear(): void {}

  handOver(): () => void {
    return () => {};
  }

  close(): void {}
}
