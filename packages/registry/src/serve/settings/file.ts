import { readFileSync } from "node:fs";
import { isMap, LineCounter, parseDocument, visit } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";
import { RegistryError } from "../../errors.ts";
import { nearest } from "./nearest.ts";
import { serveSchema } from "./schema.ts";
import type { Written } from "./sources.ts";

/** More than a config file needs; a file that is larger is another one. */
const MAX_BYTES = 1024 * 1024;

/** Reads a config file: YAML, and so also JSON. `CONFIG_INVALID` with line and column. */
export function readSettingsFile(path: string): Written {
  return parseSettings(readText(path), path);
}

/** Reads the text of a config file that is called `path`. `CONFIG_INVALID` with line and column. */
export function parseSettings(text: string, path: string): Written {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong !== undefined) throw invalid(`${place(wrong.pos[0])}: ${wrong.message}`);
  if (document.contents === null) return {};
  if (!isMap(document.contents)) throw invalid(`${place(0)}: settings are written NAME: VALUE, a line each`);

  visit(document, {
    Alias: (_key, { range, source }) => {
      throw invalid(`${place(range?.[0] ?? 0)}: *${source} is an alias, and settings have no use for them`);
    },
  });

  const value: unknown = document.toJS();
  const result = serveSchema.partial().safeParse(value);
  const [issue] = result.error?.issues ?? [];
  if (issue === undefined) return isRecord(value) ? value : {};
  throw invalid(`${place(offsetOf(document, issue))}: ${sentence(issue)}`);
}

function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new RegistryError("CONFIG_INVALID", `the config file ${path} cannot be read`, {
      kind: "usage",
      cause: error,
      advice: error instanceof Error ? error.message : String(error),
    });
  }
  if (bytes.byteLength > MAX_BYTES)
    throw invalid(`${path} has ${bytes.byteLength} bytes, and is no config file`);
  return bytes.toString();
}

type Issue = z.core.$ZodIssue;

function sentence(issue: Issue): string {
  if (issue.code !== "unrecognized_keys") return `${issue.path.join(".")}: ${issue.message}`;
  const [key = ""] = issue.keys;
  const near = nearest(key, Object.keys(serveSchema.shape));
  return `there is no setting ${key}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

/** Where in the text stands what an issue is about: the key that is unknown, or the value that is wrong. */
function offsetOf(document: Document, issue: Issue): number {
  const [name] = issue.code === "unrecognized_keys" ? issue.keys : issue.path;
  if (!isMap(document.contents)) return 0;
  const pair = document.contents.items.find(({ key }) => nameOf(key) === name);
  const node: unknown = issue.code === "unrecognized_keys" ? pair?.key : (pair?.value ?? pair?.key);
  return rangeOf(node)?.[0] ?? 0;
}

function nameOf(key: unknown): unknown {
  return isRecord(key) ? key["value"] : key;
}

function rangeOf(node: unknown): readonly number[] | undefined {
  return isRecord(node) && Array.isArray(node["range"]) ? node["range"] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): RegistryError {
  return new RegistryError("CONFIG_INVALID", message, {
    kind: "usage",
    advice: "docs/serve.md lists the settings, docs/schemas/serve.json is their schema.",
  });
}
