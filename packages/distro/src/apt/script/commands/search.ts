import type { Handler } from "../call.ts";
import { parseOptions, type System, writeFile } from "./system.ts";
import { inputOf, linesOf, MISSING } from "./text-input.ts";

const GREP_FLAGS = new Set([
  "-q",
  "-s",
  "-v",
  "-F",
  "-E",
  "-i",
  "-x",
  "-c",
  "-h",
  "-w",
  "--quiet",
  "--silent",
]);

export const grep: Handler = (call) => {
  const { flags, values, operands } = parseOptions(call.args, ["-e"]);
  if (![...flags].every((flag) => GREP_FLAGS.has(flag))) return undefined;
  const [pattern = "", ...files] = values.has("-e") ? [values.get("-e") ?? "", ...operands] : operands;
  const expression = expressionOf(pattern, flags);
  const text = inputOf(call, files);
  if (text === MISSING) return 2;
  if (expression === undefined || text === undefined) return undefined;
  const found = linesOf(text).filter((line) => expression.test(line) !== flags.has("-v"));
  const isQuiet = ["-q", "--quiet", "--silent"].some((flag) => flags.has(flag));
  if (flags.has("-c")) call.write(`${found.length}\n`);
  else if (!isQuiet) call.write(found.map((line) => `${line}\n`).join(""));
  return Number(found.length === 0);
};

function expressionOf(pattern: string, flags: ReadonlySet<string>): RegExp | undefined {
  let source: string | undefined;
  if (flags.has("-F")) source = RegExp.escape(pattern);
  else source = flags.has("-E") ? extended(pattern) : basic(pattern);
  if (source === undefined) return undefined;
  if (flags.has("-w")) source = `(?<!\\w)(?:${source})(?!\\w)`;
  return compile(flags.has("-x") ? `^(?:${source})$` : source, flags.has("-i") ? "i" : "");
}

/** Undefined for an expression that means something else here, or nothing. */
function compile(source: string, flags: string): RegExp | undefined {
  // One repetition in another may take for ever.
  if (/[*+}]\)+[*+{]/.test(source)) return undefined;
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}

/** POSIX's extended expressions are near enough to JavaScript's, but for classes. */
function extended(pattern: string): string | undefined {
  const source = pattern
    .replaceAll("[:space:]", "\\s")
    .replaceAll("[:digit:]", "0-9")
    .replaceAll("[:alnum:]", "A-Za-z0-9")
    .replaceAll("[:alpha:]", "A-Za-z");
  return source.includes("[:") ? undefined : source;
}

/** In a basic expression, `+ ? | ( ) { }` mean themselves, and their escaped forms are special. */
function basic(pattern: string): string | undefined {
  const swapped = pattern.replace(/\[[^\]]*\]|\\?[+?|(){}]/g, (piece) => {
    if (piece.startsWith("[")) return piece;
    return piece.startsWith("\\") ? piece.slice(1) : `\\${piece}`;
  });
  return extended(swapped.replace(/^\*/, "\\*"));
}

/** `s` commands alone, with or without `-n … p`. */
export const sed =
  (system: System): Handler =>
  (call) => {
    const { flags, values, every, operands } = parseOptions(call.args, ["-e"]);
    const [script = "", ...files] = values.has("-e") ? [every("-e").join(";"), ...operands] : operands;
    const edits = parseEdits(script, flags);
    if (edits === undefined || ![...flags].every((flag) => SED_FLAGS.has(flag))) return undefined;
    const [only] = files;
    if (flags.has("-i") && (only === undefined || files.length > 1)) return undefined;
    const text = inputOf(call, files);
    if (text === MISSING) return 2;
    if (text === undefined) return undefined;
    const edited = edit(text, edits, flags.has("-n"));
    if (!flags.has("-i") || only === undefined) call.write(edited);
    else writeFile(system, only, Buffer.from(edited, "latin1"));
    return 0;
  };

const SED_FLAGS = new Set(["-n", "-E", "-r", "-i"]);

function edit(text: string, edits: readonly Edit[], isQuiet: boolean): string {
  const kept: string[] = [];
  for (const line of linesOf(text)) {
    let edited = line;
    let printed = !isQuiet;
    for (const { expression, replacement, prints } of edits) {
      const next = edited.replace(expression, replacement);
      if (prints && next !== edited) printed = true;
      edited = next;
    }
    if (printed) kept.push(edited);
  }
  return kept.map((line) => `${line}\n`).join("");
}

interface Edit {
  readonly expression: RegExp;
  readonly replacement: string;
  readonly prints: boolean;
}

function parseEdits(script: string, flags: ReadonlySet<string>): readonly Edit[] | undefined {
  const edits: Edit[] = [];
  let rest = script.trim();
  while (rest !== "") {
    const delimiter = rest[1] ?? "";
    const part = `((?:\\\\[^]|(?!${RegExp.escape(delimiter)})[^\\\\])*)`;
    const separator = RegExp.escape(delimiter);
    const match = new RegExp(
      `^s${separator}${part}${separator}${part}${separator}([gpI]*)\\s*(?:;\\s*|$)`,
    ).exec(rest);
    if (match === null || !rest.startsWith("s") || delimiter === "") return undefined;
    const [whole, pattern = "", replacement = "", options = ""] = match;
    const plain = pattern.replaceAll(`\\${delimiter}`, delimiter);
    const source = flags.has("-E") || flags.has("-r") ? extended(plain) : basic(plain);
    const modes = (options.includes("g") ? "g" : "") + (options.includes("I") ? "i" : "");
    const expression = source === undefined ? undefined : compile(source, modes);
    if (expression === undefined) return undefined;
    const text = replacement
      .replaceAll("$", "$$$$")
      .replaceAll(`\\${delimiter}`, delimiter)
      .replace(/\\(\d)/g, "$$$1")
      .replace(/(^|[^\\])&/g, "$1$$&");
    edits.push({ expression, replacement: text, prints: options.includes("p") });
    rest = rest.slice(whole.length);
  }
  return edits;
}
