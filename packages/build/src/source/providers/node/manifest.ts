import { z } from "zod";
import { BuildError } from "../../../errors.ts";
import type { Source } from "../../project/source.ts";

const versions = z.record(z.string(), z.string());
const manifestSchema = z.looseObject({
  name: z.string().optional(),
  type: z.string().optional(),
  main: z.string().optional(),
  module: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  packageManager: z.string().optional(),
  dependencies: versions.optional(),
  devDependencies: versions.optional(),
  optionalDependencies: versions.optional(),
  peerDependencies: versions.optional(),
  workspaces: z
    .union([z.array(z.string()), z.looseObject({ packages: z.array(z.string()).optional() })])
    .optional(),
});

/** What a package.json says, as far as a build asks. */
export type Manifest = z.infer<typeof manifestSchema>;

/** The package.json in a directory of the source (`""` is its root); undefined where there is none. `SOURCE_INVALID` */
export function readManifest(source: Source, directory: string): Manifest | undefined {
  const path = directory === "" ? "package.json" : `${directory}/package.json`;
  const json = source.json(path);
  if (json === undefined) return undefined;
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BuildError("SOURCE_INVALID", `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, {
    cause: parsed.error,
    fields: { path },
  });
}

/** What the application itself needs when it runs. */
export function productionDependencies(manifest: Manifest): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(manifest.dependencies ?? {}),
    ...Object.entries(manifest.optionalDependencies ?? {}),
  ]);
}

/** What it needs to be built or run. */
export function allDependencies(manifest: Manifest): ReadonlyMap<string, string> {
  return new Map([...Object.entries(manifest.devDependencies ?? {}), ...productionDependencies(manifest)]);
}

/** Scripts of an application that its package manager runs when it installs, and that running may need. */
export const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"] as const;

/** Those that it runs then for who writes or publishes the application. */
export const WRITERS_SCRIPTS = ["prepublish", "prepare"] as const;

/** Puts hooks into Git: asks for no file of the application, and does nothing where there is no Git. */
export const GIT_HOOKS =
  /^(is-ci \|\| )?(npx )?(husky|lefthook|simple-git-hooks|pre-commit|git config)\b[^&;]*$/;
