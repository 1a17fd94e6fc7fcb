import { posix } from "node:path";
import { z } from "zod";
import { BuildError } from "../../../errors.ts";
import type { Source } from "../../project/source.ts";

/** A field that a member may take from the workspace instead: `edition.workspace = true`. */
const inherited = z.looseObject({ workspace: z.literal(true) });
const target = z.looseObject({ name: z.string().optional(), path: z.string().optional() });

const manifestSchema = z.looseObject({
  package: z
    .looseObject({
      name: z.string(),
      edition: z.union([z.string(), inherited]).optional(),
      build: z.union([z.string(), z.boolean()]).optional(),
      "default-run": z.string().optional(),
      autobins: z.boolean().optional(),
    })
    .optional(),
  workspace: z
    .looseObject({
      members: z.array(z.string()).optional(),
      exclude: z.array(z.string()).optional(),
      package: z.looseObject({ edition: z.string().optional() }).optional(),
    })
    .optional(),
  lib: target.optional(),
  bin: z.array(target).optional(),
  example: z.array(target).optional(),
  test: z.array(target).optional(),
  bench: z.array(target).optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** A package of the source: a directory with a Cargo.toml that has `[package]`. */
export interface Crate {
  readonly name: string;
  /** In the source; `.` for its root. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** Its own, or the one that it takes from the workspace. */
  readonly edition: string | undefined;
}

/** The packages that are compiled together: the root's own and a workspace's members. `SOURCE_INVALID` */
export function cratesOf(source: Source): readonly Crate[] {
  const { members = [], exclude = [], package: common } = readManifest(source, ".")?.workspace ?? {};
  const excluded = new Set(exclude.map(clean));
  const listed = source
    .matching(...members.map((pattern) => posix.join(clean(pattern), "Cargo.toml")))
    .map((path) => posix.dirname(path))
    .filter((directory) => !excluded.has(directory));
  return withPaths(source, [".", ...listed]).flatMap((directory) => {
    const manifest = readManifest(source, directory);
    if (manifest?.package === undefined) return [];
    const { name, edition } = manifest.package;
    return [{ name, directory, manifest, edition: typeof edition === "object" ? common?.edition : edition }];
  });
}

function readManifest(source: Source, directory: string): Manifest | undefined {
  const path = posix.join(directory, "Cargo.toml");
  const value = source.toml(path);
  if (value === undefined) return undefined;
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BuildError("SOURCE_INVALID", `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, {
    cause: parsed.error,
    fields: { path },
  });
}

/** Also packages that these name by a path: they are members without being listed. */
function withPaths(source: Source, directories: readonly string[]): readonly string[] {
  const all = new Set(directories);
  for (const directory of all) {
    const text = source.text(posix.join(directory, "Cargo.toml")) ?? "";
    for (const [, path = ""] of text.matchAll(/^[^#\n]*\bpath\s*=\s*"([^"]+)"/gm)) {
      const place = clean(posix.join(directory, path));
      if (source.has(posix.join(place, "Cargo.toml"))) all.add(place);
    }
  }
  return [...all].toSorted();
}

function clean(path: string): string {
  return posix.normalize(path).replace(/\/$/, "");
}
