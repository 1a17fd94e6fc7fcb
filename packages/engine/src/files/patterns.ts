/**
 * Paths chosen by patterns, as `.dockerignore` has them: relative to the root, `*` and `?` within a
 * name, `[a-z]`, `\` before a character that means itself, `**` for any number of directories; a line
 * with `!` takes back what lines before it chose; the last line that matches a path or one of its
 * directories counts.
 */
export class Patterns {
  readonly #rules: readonly Rule[];
  readonly #hasNegation: boolean;

  constructor(lines: readonly string[]) {
    this.#rules = lines.flatMap((line) => parseRule(line) ?? []);
    this.#hasNegation = this.#rules.some(({ chooses }) => !chooses);
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Whether a path is chosen, by itself or with a directory that it is in. */
  has(path: string): boolean {
    let chosen = false;
    for (const { chooses, expression } of this.#rules) {
      if (chooses !== chosen && expression.test(path)) chosen = chooses;
    }
    return chosen;
  }

  /** Whether a directory that is chosen is so with all that is in it, so that nobody need look inside. */
  hasAllIn(directory: string): boolean {
    return !this.#hasNegation && this.has(directory);
  }

  /** Whether something in a directory may be chosen though the directory is not. */
  mayHaveIn(directory: string): boolean {
    const depth = directory.split("/").length;
    return this.#rules.some(({ chooses, leads }) => chooses && leads(directory, depth));
  }
}

/** The lines of a `.dockerignore` that say something: not empty, no comment, and not the root, which Docker leaves in. */
export function parsePatterns(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line === "!" || componentsOf(bodyOf(line)).length > 0);
}

/** Why a line is no pattern, as Docker reads them; undefined for one that is. */
export function faultOfPattern(line: string): string | undefined {
  const body = bodyOf(line);
  if (body === "") return "nothing stands in it";
  for (let place = 0; place < body.length; place++) {
    const character = body.charAt(place);
    if (character === "\\" && ++place === body.length) return "nothing stands after its last \\";
    if (character !== "[") continue;
    const set = SET.exec(body.slice(place));
    if (set === null)
      return "what begins with [ is no set of characters, such as [a-z]; \\[ means the bracket";
    place += set[0].length - 1;
  }
  return undefined;
}

interface Rule {
  readonly chooses: boolean;
  /** Matches a path, and every path below one that it matches. */
  readonly expression: RegExp;
  /** Whether a path under this directory could match. */
  readonly leads: (directory: string, depth: number) => boolean;
}

function parseRule(line: string): Rule | undefined {
  const chooses = !line.startsWith("!");
  const components = componentsOf(bodyOf(line));
  if (components.length === 0) {
    // `.`, `/` and `./` mean the root: everything.
    return bodyOf(line) === "" ? undefined : { chooses, expression: /^/, leads: () => true };
  }
  const prefixes = components.map((_, place) => {
    const upTo = components.slice(0, place + 1).join("/");
    return upTo.includes("**") ? /^/ : new RegExp(`^${sourceOf(upTo)}$`, "su");
  });
  const leads = (directory: string, depth: number): boolean => {
    const wild = components.findIndex((component) => component.includes("**"));
    if (wild >= 0 && depth >= wild)
      return wild === 0 || prefixes[wild - 1]?.test(cut(directory, wild)) === true;
    return depth < components.length && prefixes[depth - 1]?.test(directory) === true;
  };
  return { chooses, expression: new RegExp(`^${sourceOf(components.join("/"))}(?:/|$)`, "su"), leads };
}

/** What stands after `!`. */
function bodyOf(line: string): string {
  return (line.startsWith("!") ? line.slice(1) : line).trim();
}

/** The names of a path, without those that change nothing. */
function componentsOf(path: string): readonly string[] {
  const components: string[] = [];
  for (const component of path.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === ".." && components.length > 0 && components.at(-1) !== "..") components.pop();
    else components.push(component);
  }
  return components;
}

function cut(path: string, components: number): string {
  return path.split("/").slice(0, components).join("/");
}

/** A character of a set, and a set of them (Go's path.Match). */
const MEMBER = String.raw`(?:\\.|[^\\\]-])`;
const SET = new RegExp(String.raw`^\[(\^?)((?:${MEMBER}(?:-${MEMBER})?)+)\]`, "su");

/** A pattern as an expression, as github.com/moby/patternmatcher makes one of it. */
function sourceOf(pattern: string): string {
  const end = /^\*\*([^/*?[\]\\][^*?[\]\\]*)$/su.exec(pattern)?.[1];
  if (end !== undefined) return `.*${escaped(end)}`;
  let source = "";
  for (let place = 0; place < pattern.length; place++) {
    const character = pattern.charAt(place);
    const set = character === "[" ? SET.exec(pattern.slice(place)) : null;
    if (pattern.startsWith("**", place)) {
      // Any directories, also none, with the slash after them.
      place += pattern.charAt(place + 2) === "/" ? 2 : 1;
      source += place + 1 === pattern.length ? ".*" : "(?:.*/)?";
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "\\" && place + 1 < pattern.length) source += escaped(pattern.charAt(++place));
    else if (set === null) source += escaped(character);
    else {
      const [whole, negation = "", members = ""] = set;
      source += `[${negation}${members.replaceAll(/\\.|[[^]/gsu, (member) => escaped(member.at(-1) ?? ""))}]`;
      place += whole.length - 1;
    }
  }
  return source;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/gu, (character) =>
    character === "-" ? "\\x2d" : `\\${character}`,
  );
}
