import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileFault } from "@cooper/archive";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
} from "yaml";
import { complaintOf, configurationInvalid, type Place } from "../configuration/complaint.ts";
import { nameOf, placesOfYaml } from "../configuration/yaml-places.ts";
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
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw invalid(path, { line, column: col }, fault.message);
  }
  let value: unknown;
  try {
    value = new Values(document).of(document.contents, 0) ?? {};
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw invalid(path, undefined, "it lies too deep, or has too much in it");
  }
  const parsed = apkoSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { words, place } = complaintOf(parsed.error, placesOfYaml(document, lines));
  throw invalid(path, place, words);
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

function invalid(path: string, place: Place | undefined, words: string): BuildError {
  return configurationInvalid(path, { words, place }, ADVICE);
}

const ADVICE = "docs/apk.md says what may stand there; docs/schemas/apko.json is its schema.";
