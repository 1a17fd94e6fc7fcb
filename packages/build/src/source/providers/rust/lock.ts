import { z } from "zod";
import type { Source } from "../../project/source.ts";

const lockSchema = z.looseObject({ package: z.array(z.looseObject({ name: z.string() })).optional() });
const manifestSchema = z.looseObject({
  dependencies: z.record(z.string(), z.unknown()).optional(),
  workspace: z.looseObject({ dependencies: z.record(z.string(), z.unknown()).optional() }).optional(),
});

/** Names of all packages that Cargo.lock has; without one, of those that the root's Cargo.toml names. */
export function lockedPackages(source: Source): readonly string[] {
  const lock = lockSchema.safeParse(source.toml("Cargo.lock"));
  if (lock.success) return (lock.data.package ?? []).map(({ name }) => name);
  const manifest = manifestSchema.safeParse(source.toml("Cargo.toml"));
  if (!manifest.success) return [];
  const { dependencies = {}, workspace } = manifest.data;
  return Object.keys({ ...dependencies, ...workspace?.dependencies });
}
