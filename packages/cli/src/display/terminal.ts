import { styleText } from "node:util";
import type { ByteStream } from "@cooper/archive";
import { JsonProgress } from "./json.ts";
import { LiveProgress } from "./live.ts";
import { PlainProgress } from "./plain.ts";
import type { Progress } from "./progress.ts";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export interface TerminalOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly signal: AbortSignal;
  readonly leaveSignals: () => void;
}

export type ProgressForm = "auto" | "live" | "plain" | "json";

/** Says nothing: what `--quiet` asks for. */
const SILENT: Progress = { update() {}, note() {}, clear() {}, handOver: () => () => {}, close() {} };

/**
 * Where a command's words go: the answer to stdout, all else to stderr. Nothing here knows what an
 * image is.
 */
export class Terminal {
  readonly verbose: boolean;
  readonly quiet: boolean;
  /** Aborted by SIGINT, SIGTERM, or when nobody reads the answer any more. */
  readonly signal: AbortSignal;
  #progress: Progress;
  /** From now on SIGINT and its like are for somebody else: a container. */
  readonly leaveSignals: () => void;
  /** The exit status of a command that did what it was asked and found a fault, or passes one on. */
  status = 0;

  constructor(options: TerminalOptions) {
    this.quiet = options.quiet;
    this.verbose = options.verbose;
    this.signal = options.signal;
    this.leaveSignals = options.leaveSignals;
    this.#progress = options.quiet ? SILENT : makeProgress("auto");
  }

  /** Whether people read the answer, so that it may be coloured and cut to size. */
  get interactive(): boolean {
    return process.stdout.isTTY;
  }

  /** How wide the terminal is that shows the answer. */
  get columns(): number {
    return process.stdout.columns ?? 80;
  }

  /** One or more lines of the answer. */
  answer(text: string): void {
    this.progress.clear();
    process.stdout.write(`${text}\n`);
  }

  /** The answer as JSON, for programs. */
  answerJson(value: unknown): void {
    this.answer(JSON.stringify(value, undefined, 2));
  }

  /** The answer as it is, byte for byte, with a line's end after it for people only. */
  async answerRaw(bytes: Uint8Array): Promise<void> {
    this.progress.clear();
    if (!process.stdout.write(bytes)) await drained(this.signal);
    if (this.interactive) process.stdout.write("\n");
  }

  /** The answer as bytes, as they come; waits while the reader is slow. */
  async answerBytes(stream: ByteStream): Promise<void> {
    this.progress.clear();
    for await (const chunk of stream) {
      this.signal.throwIfAborted();
      if (!process.stdout.write(chunk)) await drained(this.signal);
    }
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** Shows progress in another form from now on; before anything was shown. */
  showProgress(form: ProgressForm): void {
    if (!this.quiet) this.#progress = makeProgress(form);
  }

  /** Takes events as they are, where progress is lines of JSON. */
  get events(): ((event: object) => void) | undefined {
    const { progress } = this;
    return progress instanceof JsonProgress ? (event) => progress.event(event) : undefined;
  }

  /** Something worth knowing that is not the answer. */
  note(line: string): void {
    this.progress.note(line);
  }

  /** For `--verbose`. */
  detail(line: string): void {
    if (this.verbose) this.progress.note(line);
  }

  /** Text of the answer in a style, where stdout shows styles and NO_COLOR does not forbid it. */
  style(style: Style, text: string): string {
    return styleText(style, text, { stream: process.stdout });
  }

  close(): void {
    this.progress.close();
  }
}

function makeProgress(form: ProgressForm): Progress {
  if (form === "json") return new JsonProgress(writeError);
  const isLive = process.stderr.isTTY && process.env["TERM"] !== "dumb";
  return form === "live" || (form === "auto" && isLive)
    ? new LiveProgress(process.stderr)
    : new PlainProgress(writeError);
}

function writeError(text: string): void {
  process.stderr.write(text);
}

async function drained(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      process.stdout.off("drain", settle);
      signal.removeEventListener("abort", settle);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    process.stdout.once("drain", settle);
    signal.addEventListener("abort", settle, { once: true });
  });
}
