import { parseDocument, parseWord } from "./parse-word.ts";
import { ScriptReader } from "./reader.ts";
import type { AndOr, Arm, Assignment, Clause, Command, List, Pipeline, Redirect, Word } from "./syntax.ts";

/** A whole script. `ScriptSyntaxError` */
export function parseScript(text: string): List {
  const reader = new ScriptReader(text);
  const list = parseList(reader, () => false);
  if (!reader.hasEnded) reader.fail(`${JSON.stringify(reader.current)} is not expected here`);
  return list;
}

/** Tells whether a list ends here; `word` is the plain word that comes, if one does. */
type EndsAt = (word: string | undefined) => boolean;

/** Commands up to where the list ends; what ends it is not taken. */
export function parseList(reader: ScriptReader, endsAt: EndsAt): List {
  const list: AndOr[] = [];
  for (;;) {
    skipLines(reader);
    if (reader.hasEnded || endsAt(peekPlain(reader)) || reader.startsWith(";;")) return list;
    const before = reader.position;
    list.push(parseAndOr(reader));
    if (reader.position === before) return list;
    reader.skipBlanks();
    // What runs in the background is taken as if it was waited for.
    if (!reader.startsWith(";;") && (reader.current === ";" || reader.current === "&")) reader.take();
  }
}

const KEYWORDS = new Set(["then", "else", "elif", "fi", "do", "done", "esac", "}", "in"]);
const pendingDocuments = new WeakMap<ScriptReader, Pending[]>();

/** A here-document whose text comes after the line. */
interface Pending {
  readonly end: string;
  readonly stripsTabs: boolean;
  readonly isLiteral: boolean;
  readonly redirect: { target: Word };
}

function skipLines(reader: ScriptReader): void {
  for (;;) {
    reader.skipBlanks();
    if (reader.current === "\n") takeNewline(reader);
    else if (reader.current === ";" && !reader.startsWith(";;")) reader.take();
    else return;
  }
}

/** The end of a line, and the here-documents that begin after it. */
function takeNewline(reader: ScriptReader): void {
  reader.take();
  for (const { end, stripsTabs, isLiteral, redirect } of pendingDocuments.get(reader) ?? []) {
    const { line } = reader;
    let text = "";
    for (;;) {
      if (reader.hasEnded) reader.fail(`the document up to ${end} has no end`);
      const raw = reader.takeMatch(/[^\n]*/y) ?? "";
      reader.take();
      const content = stripsTabs ? raw.replace(/^\t+/, "") : raw;
      if (content === end) break;
      text += `${content}\n`;
    }
    redirect.target = isLiteral ? [{ kind: "text", text, quoted: true }] : parseDocument(text, line);
  }
  pendingDocuments.delete(reader);
}

/** The word that comes, where it is plain text; the reader stays. */
function peekPlain(reader: ScriptReader): string | undefined {
  const pattern = /[^ \t\n;&|<>()'"\\$`]+(?=[ \t\n;&|<>()]|$)/y;
  pattern.lastIndex = reader.position;
  return pattern.exec(reader.text)?.[0];
}

function parseAndOr(reader: ScriptReader): AndOr {
  const parts: { operator: "&&" | "||"; pipeline: Pipeline }[] = [
    { operator: "&&", pipeline: parsePipeline(reader) },
  ];
  for (;;) {
    reader.skipBlanks();
    const operator = reader.startsWith("&&") ? "&&" : "||";
    if (!reader.takeIf(operator)) return parts;
    skipLines(reader);
    parts.push({ operator, pipeline: parsePipeline(reader) });
  }
}

function parsePipeline(reader: ScriptReader): Pipeline {
  let negated = false;
  while (peekPlain(reader) === "!") {
    reader.take();
    reader.skipBlanks();
    negated = !negated;
  }
  const commands = [parseCommand(reader)];
  for (;;) {
    reader.skipBlanks();
    if (reader.current !== "|" || reader.startsWith("||")) return { commands, negated };
    reader.take();
    skipLines(reader);
    commands.push(parseCommand(reader));
  }
}

function parseCommand(reader: ScriptReader): Command {
  const { line } = reader;
  const shape = parseCompound(reader);
  if (shape === undefined) return parseSimple(reader);
  const redirects: Redirect[] = [];
  for (;;) {
    reader.skipBlanks();
    const redirect = parseRedirect(reader);
    if (redirect === undefined) return { line, redirects, ...shape };
    redirects.push(redirect);
  }
}

type Shape<C = Command> = C extends Command ? Omit<C, "line" | "redirects"> : never;

function parseCompound(reader: ScriptReader): Shape | undefined {
  if (reader.takeIf("(")) {
    const body = parseList(reader, () => reader.current === ")");
    if (!reader.takeIf(")")) reader.fail("( is not closed");
    return { kind: "subshell", body };
  }
  const word = peekPlain(reader);
  switch (word) {
    case "if":
      return parseIf(reader);
    case "case":
      return parseCase(reader);
    case "for":
      return parseFor(reader);
    case "while":
    case "until": {
      reader.take(word.length);
      const condition = parseList(reader, (next) => next === "do");
      return { kind: word, condition, body: parseDo(reader) };
    }
    case "{": {
      reader.take();
      const body = parseList(reader, (next) => next === "}");
      expectWord(reader, "}");
      return { kind: "group", body };
    }
    case undefined:
      return undefined;
    default:
      return parseFunction(reader, word);
  }
}

function parseIf(reader: ScriptReader): Shape {
  const clauses: Clause[] = [];
  expectWord(reader, "if");
  for (;;) {
    const condition = parseList(reader, (word) => word === "then");
    expectWord(reader, "then");
    const body = parseList(reader, (word) => word === "elif" || word === "else" || word === "fi");
    clauses.push({ condition, body });
    if (peekPlain(reader) === "elif") {
      expectWord(reader, "elif");
      continue;
    }
    let otherwise: List | undefined;
    if (peekPlain(reader) === "else") {
      expectWord(reader, "else");
      otherwise = parseList(reader, (word) => word === "fi");
    }
    expectWord(reader, "fi");
    return { kind: "if", clauses, otherwise };
  }
}

function parseCase(reader: ScriptReader): Shape {
  expectWord(reader, "case");
  reader.skipBlanks();
  const subject = parseWord(reader) ?? reader.fail("case is followed by no word");
  skipLines(reader);
  expectWord(reader, "in");
  const arms: Arm[] = [];
  for (;;) {
    skipLines(reader);
    if (peekPlain(reader) === "esac") break;
    reader.takeIf("(");
    const patterns: Word[] = [];
    do {
      reader.skipBlanks();
      patterns.push(parseWord(reader) ?? reader.fail("a pattern is missing"));
      reader.skipBlanks();
    } while (reader.takeIf("|"));
    if (!reader.takeIf(")")) reader.fail("a pattern is not closed");
    arms.push({ patterns, body: parseList(reader, (word) => word === "esac") });
    reader.takeIf(";;");
  }
  expectWord(reader, "esac");
  return { kind: "case", subject, arms };
}

function parseFor(reader: ScriptReader): Shape {
  expectWord(reader, "for");
  reader.skipBlanks();
  const name = reader.takeMatch(/[A-Za-z_][A-Za-z0-9_]*/y) ?? reader.fail("for is followed by no name");
  skipLines(reader);
  let words: Word[] | undefined;
  if (peekPlain(reader) === "in") {
    expectWord(reader, "in");
    words = [];
    for (;;) {
      reader.skipBlanks();
      const word = parseWord(reader);
      if (word === undefined) break;
      words.push(word);
    }
  }
  skipLines(reader);
  return { kind: "for", name, words, body: parseDo(reader) };
}

function parseDo(reader: ScriptReader): List {
  expectWord(reader, "do");
  const body = parseList(reader, (word) => word === "done");
  expectWord(reader, "done");
  return body;
}

function parseFunction(reader: ScriptReader, word: string): Shape | undefined {
  if (KEYWORDS.has(word)) reader.fail(`${word} is not expected here`);
  if (reader.takeMatch(/[A-Za-z_][A-Za-z0-9_-]*[ \t]*\([ \t]*\)/y) === undefined) return undefined;
  const name = /^[A-Za-z0-9_-]+/.exec(word)?.[0] ?? word;
  skipLines(reader);
  return { kind: "function", name, body: parseCommand(reader) };
}

function parseSimple(reader: ScriptReader): Command {
  const { line } = reader;
  const assignments: Assignment[] = [];
  const words: Word[] = [];
  const redirects: Redirect[] = [];
  for (;;) {
    reader.skipBlanks();
    const redirect = parseRedirect(reader);
    if (redirect !== undefined) {
      redirects.push(redirect);
      continue;
    }
    const assigned = words.length === 0 ? reader.takeMatch(/[A-Za-z_][A-Za-z0-9_]*=/y) : undefined;
    if (assigned !== undefined) {
      assignments.push({ name: assigned.slice(0, -1), value: parseWord(reader) ?? [] });
      continue;
    }
    const word = parseWord(reader);
    if (word === undefined) break;
    words.push(word);
  }
  if (words.length + assignments.length + redirects.length === 0) reader.fail("a command is missing");
  return { kind: "simple", line, assignments, words, redirects };
}

function parseRedirect(reader: ScriptReader): Redirect | undefined {
  const head = reader.takeMatch(/[0-9]?(?:<<-?|>>|>&|<&|>\||<>|<|>)/y);
  if (head === undefined) return undefined;
  const operator = head.replace(/^[0-9]/, "");
  const descriptor = head === operator ? (operator.startsWith("<") ? 0 : 1) : Number(head[0]);
  reader.skipBlanks();
  const target = parseWord(reader) ?? reader.fail(`${operator} is followed by no word`);
  if (!operator.startsWith("<<")) return { descriptor, operator: operator.replace("|", ""), target };
  const redirect = { descriptor, operator: "<<", target };
  const pending = pendingDocuments.get(reader) ?? [];
  pending.push({
    end: target.map((part) => (part.kind === "text" ? part.text : "")).join(""),
    stripsTabs: operator === "<<-",
    isLiteral: target.some((part) => part.kind === "text" && part.quoted),
    redirect,
  });
  pendingDocuments.set(reader, pending);
  return redirect;
}

function expectWord(reader: ScriptReader, word: string): void {
  reader.skipBlanks();
  if (peekPlain(reader) !== word && !(word === "}" && reader.current === "}")) {
    reader.fail(`${word} is missing`);
  }
  reader.take(word.length);
}
