import { collect } from "@cooper/archive";
import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import { DistroError } from "../errors.ts";
import { type Bins, binsOf } from "./bins.ts";
import { readTarball, type Tarball, type TarballMember } from "./tarball.ts";

/** What a tarball was found to hold, when all of it was read once. */
export interface Inspection {
  /** What its own package.json says, which its checksum vouches for; the registry's word may differ. */
  readonly license: string;
  readonly description: string;
  readonly homepage: string;
  /** Names of commands, and the files behind them. */
  readonly bins: Bins;
  /** Bytes of its files. */
  readonly installedSize: number;
  /** Seconds since 1970 of its newest file. */
  readonly newest: number;
  /** Members that a later one of the same path replaces, by their index. */
  readonly replaced: readonly number[];
  /** Links and the like, which are left out: as by npm. */
  readonly leftOut: readonly string[];
}

/** Raised when an inspection finds more, or otherwise. */
const VERSION = 1;
/** Bytes of a package.json; the largest real ones have 1 MiB. */
const MAX_MANIFEST = 8 * 2 ** 20;

/**
 * Reads a tarball to its end and checks it: nothing of it gets into an image before. What was found
 * is kept in the cache, so the next image need not look again. `PACKAGE_INVALID`
 */
export async function inspect(tarball: Tarball, checksum: string, context: Context): Promise<Inspection> {
  const key = `${VERSION} ${checksum}`;
  const known = recordSchema.safeParse(await context.cache.record("npm-package", key));
  if (known.success) return known.data;
  const found = await look(tarball, context);
  await context.cache.storeRecord("npm-package", key, found);
  return found;
}

async function look(tarball: Tarball, context: Context): Promise<Inspection> {
  const paths = new Map<
    string,
    { readonly index: number; readonly kind: "file" | "directory"; readonly size: number }
  >();
  const replaced: number[] = [];
  const leftOut: string[] = [];
  let manifest: unknown;
  let newest = 0;
  for await (const { path, member, index } of readTarball(tarball, context)) {
    const kind = kindOf(member.type);
    if (kind === undefined) {
      leftOut.push(path);
      continue;
    }
    const before = paths.get(path);
    if (before !== undefined && before.kind !== kind) throw bothKinds(tarball, path);
    if (before !== undefined) replaced.push(before.index);
    paths.set(path, { index, kind, size: member.size });
    newest = Math.max(newest, member.mtime.seconds);
    if (path === "package.json") manifest = await readManifest(member, tarball);
  }
  for (const path of paths.keys()) {
    for (let parent = parentPath(path); parent !== ""; parent = parentPath(parent)) {
      if (paths.get(parent)?.kind === "file") throw bothKinds(tarball, parent);
    }
  }
  const { license, description, homepage, ...rest } = parseManifest(manifest, tarball);
  const files = new Set([...paths].flatMap(([path, { kind }]) => (kind === "file" ? [path] : [])));
  return {
    license: typeof license === "object" ? license.type : license,
    description,
    homepage,
    bins: binsOf(rest, files, tarball.label),
    installedSize: [...paths.values()].reduce((sum, { size }) => sum + size, 0),
    newest,
    replaced,
    leftOut,
  };
}

/** What of an archive can be in a package; npm makes no links either. */
export function kindOf(type: TarballMember["member"]["type"]): "file" | "directory" | undefined {
  return type === "file" || type === "directory" ? type : undefined;
}

function parentPath(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

async function readManifest(member: TarballMember["member"], { label }: Tarball): Promise<unknown> {
  if (member.size > MAX_MANIFEST) throw noManifest(label, `it has ${member.size} bytes`);
  const text = (await collect(member.content(), { limit: MAX_MANIFEST })).toString("utf8");
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw noManifest(label, "it is no JSON", cause);
  }
}

// What is written otherwise than it should be counts as not said: only names and files matter here.
const manifestSchema = z.looseObject({
  name: z.string(),
  license: z.union([z.string(), z.looseObject({ type: z.string() })]).catch(""),
  description: z.string().catch(""),
  homepage: z.string().catch(""),
  bin: z
    .union([z.string(), z.record(z.string(), z.string())])
    .optional()
    .catch(undefined),
  directories: z.looseObject({ bin: z.string().optional() }).optional().catch(undefined),
});

function parseManifest(json: unknown, { label }: Tarball): z.infer<typeof manifestSchema> {
  const read = manifestSchema.safeParse(json);
  if (!read.success)
    throw noManifest(label, json === undefined ? "there is none" : z.prettifyError(read.error));
  return read.data;
}

const recordSchema: z.ZodType<Inspection> = z.object({
  license: z.string(),
  description: z.string(),
  homepage: z.string(),
  bins: z.record(z.string(), z.string()),
  installedSize: z.number(),
  newest: z.number(),
  replaced: z.array(z.number()),
  leftOut: z.array(z.string()),
});

function noManifest(label: string, what: string, cause?: unknown): DistroError {
  return new DistroError("PACKAGE_INVALID", `the package.json of ${label} is none: ${what}`, {
    cause,
    fields: { package: label },
  });
}

function bothKinds({ label }: Tarball, path: string): DistroError {
  return new DistroError(
    "PACKAGE_INVALID",
    `${label} has ${JSON.stringify(path)} as a file and as a directory`,
    {
      fields: { package: label, path },
    },
  );
}
