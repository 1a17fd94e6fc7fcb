import type { Place, Places } from "./complaint.ts";

type Path = readonly (string | number)[];

/** The places of a text that is TOML; one that is none has places that mean nothing. */
export function placesOfToml(text: string): Places {
  const found = new Reader(text).read();
  return (path, what) => {
    // What has no place of its own is in what has one.
    for (let length = path.length; length > 0; length--) {
      const place = found.get(JSON.stringify(path.slice(0, length)));
      if (place !== undefined) return placeOf(text, what === "key" ? place.key : place.value);
    }
    return undefined;
  };
}

interface Offsets {
  readonly key: number;
  readonly value: number;
}

const BARE = /[A-Za-z0-9_-]+/y;
const BASIC = /"(?:[^"\\\n]|\\.)*"/y;
const LITERAL = /'[^'\n]*'/y;
const LONG_BASIC = /"""(?:[^\\]|\\[^])*?"""+/y;
const LONG_LITERAL = /'''[^]*?'''+/y;
const SPACE = /(?:[ \t\r\n]|#[^\n]*)*/y;
/** Numbers, truths, times: whatever ends with the value. */
const WORD = /[^,\]}\n#]*/y;

/** Reads no values, only where they stand: who asks has had them from a parser. */
class Reader {
  readonly #text: string;
  readonly #found = new Map<string, Offsets>();
  /** How many tables of a list of tables there are, by its path. */
  readonly #counts = new Map<string, number>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): ReadonlyMap<string, Offsets> {
    let table: Path = [];
    for (this.#skip(SPACE); this.#at < this.#text.length; this.#skip(SPACE)) {
      const start = this.#at;
      if (this.#next() === "[") table = this.#header();
      else this.#pair(table);
      if (this.#at === start) break; // no TOML: rather no places than no end
    }
    return this.#found;
  }

  /** `[a.b]` or `[[a.b]]` */
  #header(): Path {
    const start = this.#at;
    const isList = this.#text.startsWith("[[", start);
    this.#at += isList ? 2 : 1;
    const key = this.#key();
    this.#at += isList ? 2 : 1;
    let path: Path = [];
    for (const [depth, part] of key.entries()) {
      const own = [...path, part];
      const name = JSON.stringify(own);
      const isLast = depth === key.length - 1;
      if (isLast && isList) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      const count = this.#counts.get(name);
      path = count === undefined ? own : [...own, count - 1];
      this.#note(own, { key: start, value: start });
      if (count !== undefined) this.#note(path, { key: start, value: start });
    }
    return path;
  }

  #pair(table: Path): void {
    const start = this.#at;
    const key = this.#key();
    this.#at++; // =
    this.#skip(SPACE);
    for (let length = 1; length <= key.length; length++) {
      this.#note([...table, ...key.slice(0, length)], { key: start, value: this.#at });
    }
    this.#value([...table, ...key]);
  }

  #key(): readonly string[] {
    const parts: string[] = [];
    for (;;) {
      this.#skip(SPACE);
      const quote = this.#next();
      const word = this.#take(quote === '"' ? BASIC : quote === "'" ? LITERAL : BARE);
      parts.push(quote === '"' || quote === "'" ? word.slice(1, -1) : word);
      this.#skip(SPACE);
      if (this.#next() !== ".") return parts;
      this.#at++;
    }
  }

  #value(path: Path): void {
    switch (this.#next()) {
      case "[":
        this.#items("]", (index) => {
          this.#note([...path, index], { key: this.#at, value: this.#at });
          this.#value([...path, index]);
        });
        break;
      case "{":
        this.#items("}", () => this.#pair(path));
        break;
      case '"':
        this.#take(this.#text.startsWith('"""', this.#at) ? LONG_BASIC : BASIC);
        break;
      case "'":
        this.#take(this.#text.startsWith("'''", this.#at) ? LONG_LITERAL : LITERAL);
        break;
      default:
        this.#take(WORD);
    }
  }

  #items(end: string, read: (index: number) => void): void {
    this.#at++;
    for (let index = 0; ; index++) {
      this.#skip(SPACE);
      if (this.#next() === end || this.#at >= this.#text.length) break;
      const start = this.#at;
      read(index);
      this.#skip(SPACE);
      if (this.#next() === ",") this.#at++;
      if (this.#at === start) break;
    }
    this.#at++;
  }

  #note(path: Path, offsets: Offsets): void {
    const name = JSON.stringify(path);
    if (!this.#found.has(name)) this.#found.set(name, offsets);
  }

  #next(): string {
    return this.#text.charAt(this.#at);
  }

  #skip(pattern: RegExp): void {
    this.#take(pattern);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [taken = ""] = pattern.exec(this.#text) ?? [];
    this.#at += taken.length;
    return taken;
  }
}

function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
