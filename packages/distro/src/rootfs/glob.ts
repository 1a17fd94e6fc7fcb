import type { RootTree } from "./tree.ts";

/** A shell pattern as it is matched: characters that stood in quotes mean themselves. */
export interface PatternPiece {
  readonly text: string;
  readonly quoted: boolean;
}

/** An expression that the pattern matches as a whole. */
export function patternSource(pieces: readonly PatternPiece[], wild: "any" | "no-slash"): string {
  return pieces.map(({ text, quoted }) => (quoted ? RegExp.escape(text) : sourceOf(text, wild))).join("");
}

export function hasWildcards(pieces: readonly PatternPiece[]): boolean {
  return pieces.some(({ text, quoted }) => !quoted && /[*?[]/.test(text));
}

/** The paths that a pattern finds, sorted; none where it finds nothing. */
export function glob(tree: RootTree, pieces: readonly PatternPiece[]): readonly string[] {
  const text = pieces.map((piece) => piece.text).join("");
  const isAbsolute = text.startsWith("/");
  let found: string[] = [isAbsolute ? "/" : ""];
  for (const component of componentsOf(pieces)) {
    const plain = component.map((piece) => piece.text).join("");
    if (plain === "") continue;
    const matcher = hasWildcards(component)
      ? new RegExp(`^${patternSource(component, "no-slash")}$`, "s")
      : undefined;
    const next: string[] = [];
    for (const directory of found) {
      const join = (name: string): string =>
        directory === "" || directory.endsWith("/") ? directory + name : `${directory}/${name}`;
      if (matcher === undefined) {
        if (tree.get(join(plain), "keep") !== undefined) next.push(join(plain));
        continue;
      }
      const names = [...(tree.directory(directory)?.entries.keys() ?? [])].toSorted();
      for (const name of names) {
        const isHidden = name.startsWith(".") && !plain.startsWith(".");
        if (!isHidden && matcher.test(name)) next.push(join(name));
      }
    }
    found = next;
  }
  return found;
}

function componentsOf(pieces: readonly PatternPiece[]): readonly (readonly PatternPiece[])[] {
  const components: PatternPiece[][] = [[]];
  for (const { text, quoted } of pieces) {
    for (const [at, part] of text.split("/").entries()) {
      if (at > 0) components.push([]);
      components.at(-1)?.push({ text: part, quoted });
    }
  }
  return components;
}

function sourceOf(text: string, wild: "any" | "no-slash"): string {
  const any = wild === "any" ? "[^]" : "[^/]";
  let source = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    const set = character === "[" ? /^\[(!?)(\]?[^\]]*)\]/.exec(text.slice(at)) : null;
    if (character === "*") source += `${any}*`;
    else if (character === "?") source += any;
    else if (set !== null) {
      source += `[${set[1] === "!" ? "^" : ""}${classOf(set[2] ?? "")}]`;
      at += set[0].length - 1;
    } else source += RegExp.escape(character);
  }
  return source;
}

/** `a-z` stays a range; named classes are those that scripts use. */
function classOf(set: string): string {
  return set
    .replaceAll("\\", "\\\\")
    .replaceAll("]", "\\]")
    .replaceAll("^", "\\^")
    .replace(/\[:(\w+):/g, (whole, name: string) => CLASSES[name] ?? whole)
    .replaceAll("[", "\\[");
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  digit: "0-9",
  space: "\\s",
};
