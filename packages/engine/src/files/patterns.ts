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

/** The lines of a `.dockerignore` that say something. */
export function parsePatterns(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
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
  const components = line
    .slice(chooses ? 0 : 1)
    .trim()
    .split("/")
    .filter((component) => component !== "" && component !== ".");
  if (components.length === 0) {
    // `.`, `/` and `./` mean the root: everything.
    return line.trim() === "" || line === "!" ? undefined : { chooses, expression: /^/, leads: () => true };
  }
  const prefixes = components.map((_, place) => {
    const upTo = components.slice(0, place + 1);
    return upTo.includes("**") ? /^/ : new RegExp(`^${upTo.map(componentSource).join("/")}$`, "su");
  });
  const leads = (directory: string, depth: number): boolean => {
    const wild = components.indexOf("**");
    if (wild >= 0 && depth >= wild)
      return wild === 0 || prefixes[wild - 1]?.test(cut(directory, wild)) === true;
    return depth < components.length && prefixes[depth - 1]?.test(directory) === true;
  };
  return { chooses, expression: joined(components), leads };
}

function cut(path: string, components: number): string {
  return path.split("/").slice(0, components).join("/");
}

/** `**` stands for any number of components, also for none. */
function joined(components: readonly string[]): RegExp {
  let source = "";
  for (const [place, component] of components.entries()) {
    const isLast = place === components.length - 1;
    if (component === "**") source += isLast ? ".*" : "(?:[^/]+/)*";
    else source += `${componentSource(component)}${isLast ? "" : "/"}`;
  }
  return new RegExp(`^${source}(?:/|$)`, "su");
}

function componentSource(component: string): string {
  let source = "";
  for (let place = 0; place < component.length; place++) {
    const character = component.charAt(place);
    if (character === "*") source += component.charAt(place - 1) === "*" ? "" : "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "\\" && place + 1 < component.length) source += escaped(component.charAt(++place));
    else if (character === "[") {
      const end = component.indexOf("]", place + 2);
      if (end < 0) source += "\\[";
      else {
        const set = component
          .slice(place + 1, end)
          .replaceAll("\\", "\\\\")
          .replaceAll("[", "\\[");
        source += `[${set.startsWith("^") || set.startsWith("!") ? `^${set.slice(1)}` : set}]`;
        place = end;
      }
    } else source += escaped(character);
  }
  return source;
}

function escaped(character: string): string {
  return /[.*+?^${}()|[\]\\/]/.test(character) ? `\\${character}` : character;
}
