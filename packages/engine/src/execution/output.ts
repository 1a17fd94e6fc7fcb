import { StringDecoder } from "node:string_decoder";

/** Characters of a log that are kept for the message of a failure. */
const TAIL = 4000;
const TAIL_LINES = 20;

/**
 * What a step prints, by whole lines, with secrets blotted out before anybody sees them; its end is
 * kept. However much it is, no more than a line and the end is in memory.
 */
export class OutputTail {
  readonly #onOutput: (text: string) => void;
  readonly #secrets: readonly string[];
  readonly #decoder = new StringDecoder("utf8");
  #line = "";
  #tail = "";

  constructor(onOutput: (text: string) => void, secrets: readonly string[]) {
    this.#onOutput = onOutput;
    // A secret of two letters would blot out half of the log and hide nothing.
    this.#secrets = secrets.filter((secret) => secret.length >= 4).toSorted((a, b) => b.length - a.length);
  }

  add(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  end(): void {
    this.#take(this.#decoder.end());
    if (this.#line !== "") this.#give(this.#line);
    this.#line = "";
  }

  /** The last lines. */
  tail(): string {
    return this.#tail.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  }

  #take(text: string): void {
    this.#line += text;
    const end = this.#line.lastIndexOf("\n") + 1;
    // A line without an end is given in pieces, but never so that a secret is cut in two.
    const ready = end > 0 ? end : this.#line.length > 2 * TAIL ? this.#line.length - TAIL : 0;
    if (ready === 0) return;
    this.#give(this.#line.slice(0, ready));
    this.#line = this.#line.slice(ready);
  }

  #give(text: string): void {
    let shown = text;
    for (const secret of this.#secrets) shown = shown.replaceAll(secret, "***");
    this.#tail = (this.#tail + shown).slice(-TAIL);
    this.#onOutput(shown);
  }
}
