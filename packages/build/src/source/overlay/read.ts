import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileFault } from "@cooper/archive";
import { errnoOf } from "@cooper/sys";
import { parse as parseToml, TomlError } from "smol-toml";
import { LineCounter, parseDocument } from "yaml";
import {
  complaintOf,
  configurationInvalid,
  type Complaint,
  type Place,
  type Places,
} from "../../configuration/complaint.ts";
import { placesOfToml } from "../../configuration/toml-places.ts";
import { placesOfYaml } from "../../configuration/yaml-places.ts";
import type { BuildError } from "../../errors.ts";
import { OVERLAY_FILES } from "./files.ts";
import { type OverlayFile, overlaySchema } from "./schema.ts";

/** What a project says about its own plan, and where. */
export interface Overlay {
  /** `cooper.toml` */
  readonly path: string;
  readonly file: OverlayFile;
  readonly places: Places;
}

/** The project's own file, where it has one. `CONFIGURATION_INVALID`, with line and column; `FILE_…` */
export function readOverlay(directory: string): Overlay | undefined {
  const found = OVERLAY_FILES.flatMap((path) => {
    const text = readText(join(directory, path));
    return text === undefined ? [] : [{ path, text }];
  });
  const [one, other] = found;
  if (one === undefined) return undefined;
  if (other !== undefined) {
    throw overlayInvalid(one.path, {
      words: `there is ${other.path} too: one of them counts`,
      place: undefined,
    });
  }
  return parseOverlay(one.text, one.path);
}

/** A project's file from its text; TOML or JSON, by its name. `CONFIGURATION_INVALID` */
export function parseOverlay(text: string, path: string): Overlay {
  const { value, places } = path.endsWith(".toml") ? readToml(text, path) : readJson(text, path);
  const parsed = overlaySchema.safeParse(value);
  if (!parsed.success) throw overlayInvalid(path, complaintOf(parsed.error, places));
  const { start, deploy } = parsed.data;
  if (start !== undefined && deploy?.command !== undefined) {
    const place = places(["deploy", "command"], "key");
    throw overlayInvalid(path, { words: "deploy.command and start say the same: leave one out", place });
  }
  return { path, file: parsed.data, places };
}

/** A complaint about a project's own file. */
export function overlayInvalid(path: string, complaint: Complaint): BuildError {
  return configurationInvalid(path, complaint, ADVICE);
}

const ADVICE = "docs/source.md says what may stand there; docs/schemas/cooper.json is its schema.";

interface Parsed {
  readonly value: unknown;
  readonly places: Places;
}

function readToml(text: string, path: string): Parsed {
  try {
    return { value: parseToml(text), places: placesOfToml(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ""] = error.message.split("\n");
    const place = { line: error.line, column: error.column };
    throw overlayInvalid(path, { words: first.replace(/^Invalid TOML document: /, ""), place });
  }
}

/** JSON with comments, and a comma after the last of a list. */
function readJson(text: string, path: string): Parsed {
  const plain = withoutComments(text);
  const lines = new LineCounter();
  const document = parseDocument(plain, { lineCounter: lines, prettyErrors: false });
  try {
    return { value: JSON.parse(plain), places: placesOfYaml(document, lines) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [words = ""] = error.message.split(/ in JSON at position|, "|, \.\.\./);
    throw overlayInvalid(path, { words, place: placeInMessage(error.message, plain) });
  }
}

/** Of the same length, so that places stay: spaces where comments, tabs and last commas were. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\/|\t/g, blankUnlessText)
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, blankUnlessText);
}

function blankUnlessText(found: string): string {
  return found.startsWith('"') ? found : found.replaceAll(/[^\n]/g, " ");
}

/** V8 says where, or that the text came to its end; of a word that it does not know, the word alone. */
function placeInMessage(message: string, text: string): Place | undefined {
  const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(message) ?? [];
  if (line !== undefined && column !== undefined) return { line: Number(line), column: Number(column) };
  if (!message.includes("end of JSON")) return undefined;
  const all = text.split("\n");
  return { line: all.length, column: (all.at(-1) ?? "").length + 1 };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw fileFault("read", path, error);
  }
}
