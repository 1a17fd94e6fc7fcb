/** A script that cannot be read: what is wrong, and in which line. */
export class ScriptSyntaxError extends Error {
  readonly line: number;
  constructor(what: string, line: number) {
    super(`line ${line}: ${what}`);
    this.line = line;
  }
}

/** A script's characters, with the place that was reached. */
export class ScriptReader {
  readonly text: string;
  position = 0;
  line: number;

  constructor(text: string, line = 1) {
    this.text = text;
    this.line = line;
  }

  get current(): string {
    return this.text[this.position] ?? "";
  }

  get hasEnded(): boolean {
    return this.position >= this.text.length;
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.position);
  }

  /** Goes past the next characters and gives them. */
  take(length = 1): string {
    const taken = this.text.slice(this.position, this.position + length);
    for (const character of taken) if (character === "\n") this.line++;
    this.position += length;
    return taken;
  }

  takeIf(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.take(text.length);
    return true;
  }

  /** Takes what a sticky expression matches here; undefined where it does not. */
  takeMatch(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text)?.[0];
    return match === undefined ? undefined : this.take(match.length);
  }

  /** Blanks, comments and lines that are continued. */
  skipBlanks(): void {
    this.takeMatch(/(?:[ \t]|\\\n)+/y);
    if (this.current === "#") this.takeMatch(/[^\n]*/y);
  }

  fail(what: string): never {
    throw new ScriptSyntaxError(what, this.line);
  }
}
