import { parseList } from "./parse.ts";
import { ScriptReader } from "./reader.ts";
import type { Word, WordPart } from "./syntax.ts";

/** What ends a word that is not quoted. */
const WORD_END = /[ \t\n;&|<>()]/;
const PLAIN = /[^ \t\n;&|<>()'"\\$`]+/y;
const PLAIN_QUOTED = /[^"\\$`]+/y;
const PLAIN_BRACED = /[^}'"\\$`]+/y;
const PLAIN_DOCUMENT = /[^\\$`]+/y;
const PARAMETER = /[A-Za-z_][A-Za-z0-9_]*|[0-9]|[@*#?$!-]/y;

/** The word that begins here; undefined where none does. */
export function parseWord(reader: ScriptReader): Word | undefined {
  const parts: WordPart[] = [];
  while (!reader.hasEnded && !WORD_END.test(reader.current)) parts.push(...parseParts(reader, PLAIN));
  return parts.length === 0 ? undefined : parts;
}

/** The next piece of a word that is not quoted as a whole: text, something quoted, an expansion. */
function parseParts(reader: ScriptReader, plain: RegExp): readonly WordPart[] {
  const text = reader.takeMatch(plain);
  if (text !== undefined) return [{ kind: "text", text, quoted: false }];
  if (reader.takeIf("'")) {
    const quoted = reader.takeMatch(/[^']*/y) ?? "";
    if (!reader.takeIf("'")) reader.fail("a quote is not closed");
    return [{ kind: "text", text: quoted, quoted: true }];
  }
  if (reader.takeIf('"')) {
    const parts = parseQuoted(reader, PLAIN_QUOTED, '"');
    if (!reader.takeIf('"')) reader.fail("a quote is not closed");
    // Something quoted is there, even if it is empty.
    return [{ kind: "text", text: "", quoted: true }, ...parts];
  }
  if (reader.takeIf("\\\n")) return [];
  if (reader.takeIf("\\")) return [{ kind: "text", text: reader.take(), quoted: true }];
  return [parseExpansion(reader, false)];
}

/** The text of a here-document in which parameters are expanded. */
export function parseDocument(text: string, line: number): Word {
  return parseQuoted(new ScriptReader(text, line), PLAIN_DOCUMENT, undefined);
}

/** What stands between double quotes: blanks and quotes are text there. */
function parseQuoted(reader: ScriptReader, plain: RegExp, end: string | undefined): WordPart[] {
  const parts: WordPart[] = [];
  while (!reader.hasEnded && reader.current !== end) {
    const text = reader.takeMatch(plain);
    if (text !== undefined) {
      parts.push({ kind: "text", text, quoted: true });
    } else if (reader.takeIf("\\\n")) {
      continue;
    } else if (reader.current === "\\") {
      const escaped = reader.take(2);
      const isEscape = /^\\[$`\\]$/.test(escaped) || (end !== undefined && escaped === '\\"');
      parts.push({ kind: "text", text: isEscape ? escaped.slice(1) : escaped, quoted: true });
    } else {
      parts.push(parseExpansion(reader, true));
    }
  }
  return parts;
}

/** What begins with a dollar sign or a backquote. */
function parseExpansion(reader: ScriptReader, quoted: boolean): WordPart {
  if (reader.current === "`") return parseBackquoted(reader, quoted);
  reader.take();
  if (reader.startsWith("((")) return parseArithmetic(reader, quoted);
  if (reader.takeIf("(")) {
    const body = parseList(reader, (word) => word === undefined && reader.current === ")");
    if (!reader.takeIf(")")) reader.fail("$( is not closed");
    return { kind: "substitution", body, quoted };
  }
  if (reader.takeIf("{")) return parseBraced(reader, quoted);
  const name = reader.takeMatch(PARAMETER);
  if (name === undefined) return { kind: "text", text: "$", quoted: true };
  return { kind: "parameter", name, operator: undefined, word: [], quoted };
}

function parseBackquoted(reader: ScriptReader, quoted: boolean): WordPart {
  const { line } = reader;
  reader.take();
  const text = reader.takeMatch(/(?:[^`\\]|\\[^])*/y) ?? "";
  if (!reader.takeIf("`")) reader.fail("a backquote is not closed");
  const inner = new ScriptReader(text.replace(quoted ? /\\([$`\\"])/g : /\\([$`\\])/g, "$1"), line);
  const body = parseList(inner, () => false);
  if (!inner.hasEnded) inner.fail(`${JSON.stringify(inner.current)} is not expected here`);
  return { kind: "substitution", body, quoted };
}

/** `$((…))` is passed over: what it gives is not worked out. */
function parseArithmetic(reader: ScriptReader, quoted: boolean): WordPart {
  let depth = 0;
  do {
    if (reader.hasEnded) reader.fail("$(( is not closed");
    const character = reader.take();
    if (character === "(") depth++;
    if (character === ")") depth--;
  } while (depth > 0);
  return { kind: "arithmetic", quoted };
}

function parseBraced(reader: ScriptReader, quoted: boolean): WordPart {
  const isLength = reader.startsWith("#") && !reader.startsWith("#}");
  if (isLength) reader.take();
  const name = reader.takeMatch(/[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]/y);
  if (name === undefined) reader.fail("${ is followed by no name");
  const operator = isLength ? "length" : reader.takeMatch(/:?[-=?+]|%%?|##?/y);
  const word: WordPart[] = [];
  while (!reader.hasEnded && reader.current !== "}") {
    if (quoted && reader.current === "'") word.push({ kind: "text", text: reader.take(), quoted });
    else word.push(...parseParts(reader, PLAIN_BRACED));
  }
  if (!reader.takeIf("}")) reader.fail("${ is not closed");
  return { kind: "parameter", name, operator, word, quoted };
}
