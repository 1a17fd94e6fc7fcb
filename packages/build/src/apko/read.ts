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

/** Gives the bytes at an `https:` address, at most so many. */
export type FetchText = (address: string, limit: number) => Promise<string>;

const MAX_BYTES = 4 * 2 ** 20;
const MAX_INCLUDES = 32;

/**
 * Reads a configuration as apko has it, and what it includes: maps are merged, lists put one behind the
 * other, the included one's first, and of all else the including file's counts. Every complaint names
 * the file, the line and the column. `FILE_MISSING`, `CONFIGURATION_INVALID`, what `fetchText` throws
 */
export async function readApko(path: string, fetchText: FetchText): Promise<ReadConfiguration> {
  const sources: string[] = [];
  const configuration = await readWithIncludes(path, [], sources, fetchText);
  return { configuration, sources };
}

async function readWithIncludes(
  path: string,
  from: readonly string[],
  sources: string[],
  fetchText: FetchText,
): Promise<ApkoConfiguration> {
  const place = isAddress(path) ? path : resolve(path);
  if (from.includes(place))
    throw invalid(path, undefined, `it includes itself, by way of ${from.join(", ")}`);
  if (from.length >= MAX_INCLUDES) throw invalid(path, undefined, "it is included too deep");
  const source = isAddress(path) ? await fetchText(path, MAX_BYTES) : readText(path);
  sources.push(source);
  const { include, ...own } = parseApko(source, path);
  if (include === undefined || include === "") return own;
  const included = await readWithIncludes(besides(path, include), [...from, place], sources, fetchText);
  return mergeConfigurations(included, own);
}

/** What a file includes lies beside it, on the disk or on the web, unless it says where. */
function besides(path: string, include: string): string {
  if (isAddress(include)) return include;
  if (/^[a-z][a-z0-9+.-]*:|@/iu.test(include)) {
    throw new BuildError(
      "CONFIGURATION_UNSUPPORTED",
      `${path}: includes ${include}, which is neither a path nor an https: address`,
      { advice: "Copy it beside this file, and include that.", fields: { path } },
    );
  }
  if (isAddress(path)) return new URL(include, path).href;
  return isAbsolute(include) ? include : join(dirname(path), include);
}

/** Only what comes from a server that is known for who it is may say what is in an image. */
function isAddress(path: string): boolean {
  return /^https:\/\//iu.test(path);
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
