import { z } from "zod";
import { BuildError } from "../../../errors.ts";
import type { Source } from "../../project/source.ts";

const taskSchema = z.union([
  z.string(),
  z.looseObject({ command: z.string().optional() }).transform(({ command }) => command ?? ""),
]);

const configurationSchema = z.looseObject({
  tasks: z.record(z.string(), taskSchema).optional(),
  exports: z.unknown().optional(),
  nodeModulesDir: z.union([z.boolean(), z.string()]).optional(),
  workspace: z
    .union([z.array(z.string()), z.looseObject({ members: z.array(z.string()).optional() })])
    .optional(),
  vendor: z.boolean().optional(),
});

/** What deno.json says, as far as a build asks. */
export type DenoConfiguration = z.infer<typeof configurationSchema>;

export const CONFIGURATIONS = ["deno.json", "deno.jsonc"] as const;

/** Deno's configuration; empty where there is none. `SOURCE_INVALID` */
export function readConfiguration(source: Source): DenoConfiguration {
  const path = CONFIGURATIONS.find((name) => source.has(name));
  if (path === undefined) return {};
  let json: unknown;
  try {
    json = JSON.parse(withoutComments(source.text(path) ?? ""));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError("SOURCE_INVALID", `${path} is not JSON: ${why}`, { cause, fields: { path } });
  }
  const parsed = configurationSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BuildError("SOURCE_INVALID", `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, {
    cause: parsed.error,
    fields: { path },
  });
}

/** Comments, and commas before a closing bracket, are Deno's additions to JSON; in a string they are text. */
export function withoutComments(text: string): string {
  return text
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, "$1")
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, "$1");
}
