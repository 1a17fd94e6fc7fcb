import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileFault } from "@cooper/archive";
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
} from "yaml";
import type { z } from "zod";
import { BuildError } from "../errors.ts";
import { mergeConfigurations } from "./merge.ts";
import { PlainScalar } from "./scalar.ts";
import { type ApkoConfiguration, apkoSchema } from "./schema.ts";

/** What a file says, with all that it includes. */
export interface ReadConfiguration {
  readonly configuration: ApkoConfiguration;
  /** The bytes of the file and of those that it includes, in the order in which they were read. */
  readonly sources: readonly string[];
}

const MAX_BYTES = 4 * 2 ** 20;
const MAX_INCLUDES = 32;

/**
 * Reads a configuration as apko has it, and what it includes: maps are merged, lists put one behind the
 * other, the included one's first, and of all else the including file's counts. Every complaint names
 * the file, the line and the column. `FILE_MISSING`, `CONFIGURATION_INVALID`
 */
export function readApko(path: string): ReadConfiguration {
  const sources: string[] = [];
  const configuration = readWithIncludes(path, [], sources);
  return { configuration, sources };
}

function readWithIncludes(path: string, from: readonly string[], sources: string[]): ApkoConfiguration {
  const place = resolve(path);
  if (from.includes(place))
    throw invalid(path, undefined, `it includes itself, by way of ${from.join(", ")}`);
  if (from.length >= MAX_INCLUDES) throw invalid(path, undefined, "it is included too deep");
  const source = readText(path);
  sources.push(source);
  const { include, ...own } = parseApko(source, path);
  if (include === undefined || include === "") return own;
  if (/^\w+:\/\/|@/u.test(include)) {
    throw new BuildError("CONFIGURATION_UNSUPPORTED", `${path}: includes ${include}, which is no file here`, {
      advice: "Copy it beside this file, and include that.",
      fields: { path },
    });
  }
  const beside = isAbsolute(include) ? include : join(dirname(path), include);
  return mergeConfigurations(readWithIncludes(beside, [...from, place], sources), own);
}

function readText(path: string): string {
  try {
    if (statSync(path).size > MAX_BYTES)
      throw invalid(path, undefined, `it has more than ${MAX_BYTES} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    throw error instanceof Error && "syscall" in error ? fileFault("read", path, error) : error;
  }
}

/** One file's own words. `CONFIGURATION_INVALID` */
export function parseApko(source: string, path: string): ApkoConfiguration {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw invalid(path, lines.linePos(fault.pos[0]), fault.message);
  let value: unknown;
  try {
    value = new Values(document).of(document.contents, 0) ?? {};
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw invalid(path, undefined, "it lies too deep, or has too much in it");
  }
  const parsed = apkoSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const found = issue === undefined ? undefined : complaintOf(issue, document);
  const offset = found?.offset;
  throw invalid(
    path,
    offset === undefined ? undefined : lines.linePos(offset),
    found?.words ?? "it is no map",
  );
}

const MAX_DEPTH = 64;
/** Aliases can make much of little. */
const MAX_VALUES = 100_000;

/** A document as plain values, but for what schemas have to see as it is written. */
class Values {
  readonly #document: Document;
  #count = 0;

  constructor(document: Document) {
    this.#document = document;
  }

  of(node: unknown, depth: number): unknown {
    if (depth > MAX_DEPTH || ++this.#count > MAX_VALUES) throw new RangeError("too much");
    if (isAlias(node)) return this.of(node.resolve(this.#document), depth + 1);
    if (isMap(node)) {
      return Object.fromEntries(node.items.map(({ key, value }) => [nameOf(key), this.of(value, depth + 1)]));
    }
    if (isSeq(node)) return node.items.map((item) => this.of(item, depth + 1));
    return isScalar(node) ? scalarOf(node) : undefined;
  }
}

function scalarOf({ value, type, source }: Scalar): unknown {
  if (value === null) return undefined;
  const written = source ?? (typeof value === "string" ? value : JSON.stringify(value));
  // YAML 1.1, and apko with it, reads 0755 as an octal number.
  if (type === "PLAIN" && /^0[0-7]+$/u.test(written)) {
    return new PlainScalar(Number.parseInt(written, 8), written);
  }
  return typeof value === "string" ? value : new PlainScalar(value, written);
}

function nameOf(key: unknown): string {
  return isScalar(key) ? (key.source ?? String(key.value)) : String(key);
}

interface Complaint {
  readonly words: string;
  readonly offset: number | undefined;
}

function complaintOf(issue: z.core.$ZodIssue, document: Document): Complaint {
  const at = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  const name = at.join(".");
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const where = name === "" ? "" : ` in ${name}`;
    return {
      words: `there is no key ${JSON.stringify(key)}${where}`,
      offset: offsetOf(document, [...at, key], "key"),
    };
  }
  const said =
    issue.code === "invalid_type" && issue.message.startsWith("Invalid input")
      ? typeWords(issue)
      : issue.message;
  return { words: `${name === "" ? "it" : name} ${said}`, offset: offsetOf(document, at, "value") };
}

function typeWords(issue: z.core.$ZodIssue): string {
  const expected = "expected" in issue ? String(issue.expected) : "";
  const words: Readonly<Record<string, string>> = { object: "a map", record: "a map", array: "a list" };
  return `is to be ${words[expected] ?? expected}`;
}

function offsetOf(
  document: Document,
  path: readonly (string | number)[],
  what: "key" | "value",
): number | undefined {
  let node: unknown = document.contents;
  let offset = offsetOfNode(node);
  for (const [depth, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => nameOf(key) === String(part));
      if (pair === undefined || !isPair(pair)) return offset;
      const isLast = depth === path.length - 1;
      offset =
        (isLast && what === "key" ? undefined : offsetOfNode(pair.value)) ?? offsetOfNode(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === "number") {
      node = node.items[part];
      offset = offsetOfNode(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function offsetOfNode(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value);
}

function invalid(
  path: string,
  place: { readonly line: number; readonly col: number } | undefined,
  what: string,
): BuildError {
  const where = place === undefined ? path : `${path}:${place.line}:${place.col}`;
  return new BuildError("CONFIGURATION_INVALID", `${where}: ${what}`, {
    kind: "usage",
    advice: "docs/apk.md says what may stand there; docs/schemas/apko.json is its schema.",
    fields: { path, ...(place === undefined ? {} : { line: place.line, column: place.col }) },
  });
}
