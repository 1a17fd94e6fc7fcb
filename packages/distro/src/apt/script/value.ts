/** What cannot be told without running something. */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type Text = string | typeof UNKNOWN;

/** A command's exit status. */
export type Status = number | typeof UNKNOWN;

/** What a command or a pipeline writes to its standard output. */
export class Output {
  #text: Text = "";

  get text(): Text {
    return this.#text;
  }

  write(text: Text): void {
    if (this.#text === UNKNOWN || text === UNKNOWN) this.#text = UNKNOWN;
    else if (this.#text.length + text.length > MAX_OUTPUT) throw new ScriptLimit("it writes too much");
    else this.#text += text;
  }
}

/** What a command reads; lines are taken from it. */
export class Input {
  #rest: Text;

  constructor(text: Text) {
    this.#rest = text;
  }

  get isUnknown(): boolean {
    return this.#rest === UNKNOWN;
  }

  takeAll(): Text {
    const text = this.#rest;
    if (text !== UNKNOWN) this.#rest = "";
    return text;
  }

  /** The next line without its end; undefined where there is none. */
  takeLine(): Text | undefined {
    if (this.#rest === UNKNOWN) return UNKNOWN;
    if (this.#rest === "") return undefined;
    const end = this.#rest.indexOf("\n");
    const line = end === -1 ? this.#rest : this.#rest.slice(0, end);
    this.#rest = end === -1 ? "" : this.#rest.slice(end + 1);
    return line;
  }
}

const MAX_OUTPUT = 8 * 2 ** 20;

/** A script that goes on for too long, or grows too large, is left where it is. */
export class ScriptLimit extends Error {}

/** `exit`, or what `set -e` makes of a command that fails. */
export class ExitSignal {
  readonly status: Status;
  readonly line: number;
  constructor(status: Status, line: number) {
    this.status = status;
    this.line = line;
  }
}

export class ReturnSignal {
  readonly status: Status;
  constructor(status: Status) {
    this.status = status;
  }
}

export class LoopSignal {
  readonly kind: "break" | "continue";
  levels: number;
  constructor(kind: "break" | "continue", levels: number) {
    this.kind = kind;
    this.levels = levels;
  }
}
