import type { z } from "zod";
import { BuildError } from "../errors.ts";

/** A place in a file, both numbers from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where the keys and values of a file stand; as near as the file goes, undefined where it says nothing. */
export type Places = (path: readonly (string | number)[], what: "key" | "value") => Place | undefined;

/** A file that is no such file as its schema says. */
export interface Complaint {
  readonly words: string;
  readonly place: Place | undefined;
}

/** The first thing that a schema has against a file, in words, and where. */
export function complaintOf(error: z.core.$ZodError, places: Places): Complaint {
  const [first] = error.issues;
  if (first === undefined) return { words: "it is no map", place: undefined };
  const issue = innermost(first);
  const at = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  const name = at.join(".");
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const where = name === "" ? "" : ` in ${name}`;
    return { words: `there is no key ${JSON.stringify(key)}${where}`, place: places([...at, key], "key") };
  }
  const said =
    issue.code === "invalid_type" && issue.message.startsWith("Invalid input")
      ? typeWords(issue)
      : issue.message;
  return { words: `${name === "" ? "it" : name} ${said}`, place: places(at, "value") };
}

/** Of a value that may be one of several things, what is wrong with the one that it nearly is. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const [nearest] = issue.errors
    .flatMap(([first]) => (first === undefined ? [] : [first]))
    .toSorted((one, other) => nearness(other) - nearness(one));
  return nearest === undefined ? issue : innermost({ ...nearest, path: [...issue.path, ...nearest.path] });
}

function nearness(issue: z.core.$ZodIssue): number {
  return issue.code === "invalid_type" && issue.path.length === 0 ? 0 : 1 + issue.path.length;
}

function typeWords(issue: z.core.$ZodIssue): string {
  const expected = "expected" in issue ? String(issue.expected) : "";
  const words: Readonly<Record<string, string>> = {
    object: "a map",
    record: "a map",
    array: "a list",
    string: "text",
  };
  return `is to be ${words[expected] ?? expected}`;
}

/** `CONFIGURATION_INVALID`, with the file, the place in it, and where one reads what it may have. */
export function configurationInvalid(path: string, { words, place }: Complaint, advice: string): BuildError {
  const where = place === undefined ? path : `${path}:${place.line}:${place.column}`;
  return new BuildError("CONFIGURATION_INVALID", `${where}: ${words}`, {
    kind: "usage",
    advice,
    fields: { path, ...place },
  });
}
