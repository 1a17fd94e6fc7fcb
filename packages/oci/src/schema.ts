import type { z } from "zod";
import { OciError } from "./errors.ts";

/**
 * Checks a value that came from outside and gives it back as it is, not zod's copy of it: keys that
 * no schema knows, and the order of all keys, stay. No schema may therefore transform.
 * `what` is for the message. `INVALID_MANIFEST`
 */
export function checkShape<Value>(schema: z.ZodType<Value, Value>, value: unknown, what: string): Value {
  const issues: z.core.$ZodIssue[] = [];
  if (hasShape(schema, value, issues)) return value;
  throw invalid(what, issues);
}

function hasShape<Value>(
  schema: z.ZodType<Value, Value>,
  value: unknown,
  issues: z.core.$ZodIssue[],
): value is Value {
  const result = schema.safeParse(value);
  if (!result.success) issues.push(...result.error.issues);
  return result.success;
}

/**
 * A copy of an object without those keys of `shape` that are null, which Go writes for empty lists
 * and maps. Anything else is given back as it is, for the schema to refuse.
 */
export function withoutNulls(value: unknown, shape: Readonly<Record<string, z.ZodType>>): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key, item]) => item !== null || !Object.hasOwn(shape, key)),
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(what: string, issues: readonly z.core.$ZodIssue[]): OciError {
  const lines = issues.slice(0, 5).map((issue) => `${pathOf(issue.path)}${issue.message}`);
  if (issues.length > lines.length) lines.push(`and ${issues.length - lines.length} more`);
  return new OciError("INVALID_MANIFEST", `${what} is not valid: ${lines.join("; ")}`, {
    fields: { path: (issues[0]?.path ?? []).map(String).join(".") },
  });
}

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return text === "" ? "" : `${text.replace(/^\./, "")}: `;
}
