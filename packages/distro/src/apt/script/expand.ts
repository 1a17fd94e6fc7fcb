import type { RootTree } from "../../rootfs/tree.ts";
import { glob, hasWildcards, type PatternPiece, patternSource } from "../../rootfs/glob.ts";
import type { List, Word, WordPart } from "./syntax.ts";
import { type Text, UNKNOWN } from "./value.ts";

/** What words are expanded with. */
export interface Expander {
  readonly tree: RootTree;
  /** Undefined where it is not set. */
  variable(name: string): Text | undefined;
  assign(name: string, value: Text): void;
  /** `$@`. */
  readonly parameters: readonly Text[];
  /** What a command substitution gives. */
  substitute(body: List): Text;
}

/** A word as one text: nothing is split, no pattern is looked for in the file system. */
export function expandText(word: Word, shell: Expander): Text {
  let text = "";
  for (const part of word) {
    const value = valueOf(part, shell);
    if (value === UNKNOWN) return UNKNOWN;
    text += value;
  }
  return text;
}

/** Words as a command gets them: split where they are not quoted, patterns replaced by what they find. */
export function expandFields(words: readonly Word[], shell: Expander): readonly Text[] {
  return words.flatMap((word) => fieldsOf(word, shell)).flatMap((field) => finish(field, shell));
}

/** The expression that a word matches as a pattern; undefined where it cannot be told. */
export function expandPattern(word: Word, shell: Expander): string | undefined {
  const pieces: PatternPiece[] = [];
  for (const part of word) {
    const text = valueOf(part, shell);
    if (text === UNKNOWN) return undefined;
    pieces.push({ text, quoted: part.quoted });
  }
  return patternSource(pieces, "any");
}

interface Field {
  readonly pieces: PatternPiece[];
  isUnknown: boolean;
}

function finish({ pieces, isUnknown }: Field, { tree }: Expander): readonly Text[] {
  if (isUnknown) return [UNKNOWN];
  const text = pieces.map((piece) => piece.text).join("");
  if (!hasWildcards(pieces)) return [text];
  const found = glob(tree, pieces);
  return found.length === 0 ? [text] : found;
}

function fieldsOf(word: Word, shell: Expander): readonly Field[] {
  const fields: Field[] = [];
  let current: Field | undefined;
  const add = (text: string, quoted: boolean): void => {
    current ??= { pieces: [], isUnknown: false };
    current.pieces.push({ text, quoted });
  };
  const split = (): void => {
    if (current !== undefined) fields.push(current);
    current = undefined;
  };
  for (const part of word) {
    if (isAll(part)) {
      for (const [at, value] of shell.parameters.entries()) {
        if (at > 0) split();
        add(value === UNKNOWN ? "" : value, true);
        if (value === UNKNOWN && current !== undefined) current.isUnknown = true;
      }
      continue;
    }
    const value = valueOf(part, shell);
    if (value === UNKNOWN) {
      current ??= { pieces: [], isUnknown: true };
      current.isUnknown = true;
    } else if (part.quoted || part.kind === "text") {
      add(value, part.quoted);
    } else {
      // Field splitting, by blanks: no script sets IFS to something else before it splits words.
      const pieces = value.split(/[ \t\n]+/);
      for (const [at, piece] of pieces.entries()) {
        if (at > 0) split();
        if (piece !== "") add(piece, false);
      }
    }
  }
  split();
  return fields;
}

/** `"$@"`, each argument a word of its own; without quotes it is near enough to that. */
function isAll(part: WordPart): boolean {
  return part.kind === "parameter" && part.name === "@" && part.operator === undefined;
}

function valueOf(part: WordPart, shell: Expander): Text {
  if (part.kind === "text") return part.text;
  if (part.kind === "substitution") return shell.substitute(part.body);
  return part.kind === "arithmetic" ? UNKNOWN : parameterValue(part, shell);
}

function parameterValue(
  { name, operator, word }: Extract<WordPart, { kind: "parameter" }>,
  shell: Expander,
): Text {
  const value = shell.variable(name);
  switch (operator) {
    case undefined:
      return value ?? "";
    case "length":
      return value === UNKNOWN ? UNKNOWN : String((value ?? "").length);
    case "#":
    case "##":
    case "%":
    case "%%":
      return trimmed(value ?? "", operator, expandPattern(word, shell));
    default:
      break;
  }
  const isColon = operator.startsWith(":");
  const isMissing = value === undefined || (isColon && value === "");
  if (isColon && value === UNKNOWN) return UNKNOWN;
  const kind = operator.at(-1);
  if (kind === "+") return isMissing ? "" : expandText(word, shell);
  if (!isMissing) return value;
  if (kind === "?") return UNKNOWN;
  const replacement = expandText(word, shell);
  if (kind === "=") shell.assign(name, replacement);
  return replacement;
}

function trimmed(value: Text, operator: string, pattern: string | undefined): Text {
  if (value === UNKNOWN || pattern === undefined) return UNKNOWN;
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  if (operator.length === 2) lengths.reverse();
  const matcher = new RegExp(`^(?:${pattern})$`);
  for (const length of lengths) {
    if (operator.startsWith("#")) {
      if (matcher.test(value.slice(0, length))) return value.slice(length);
    } else if (matcher.test(value.slice(value.length - length))) {
      return value.slice(0, value.length - length);
    }
  }
  return value;
}
