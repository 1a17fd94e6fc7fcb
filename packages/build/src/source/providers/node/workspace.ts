import { parse } from "yaml";
import { BuildError } from "../../../errors.ts";
import { isTable, type Source } from "../../project/source.ts";
import type { Member } from "./managers/manager.ts";
import { allDependencies, type Manifest, readManifest } from "./manifest.ts";

/** A package of a workspace, with what it says. */
export interface WorkspaceMember extends Member {
  readonly manifest: Manifest;
}

/** The packages of a workspace, by directory; its root is not one of them. Undefined where it is none. `SOURCE_INVALID` */
export function readWorkspace(source: Source, manifest: Manifest): readonly WorkspaceMember[] | undefined {
  const patterns = patternsOf(source, manifest);
  if (patterns === undefined) return undefined;
  const files = patterns.map((pattern) => {
    const [, negation = "", path = ""] = /^(!?)(?:\.\/)?(.*?)\/*$/.exec(pattern) ?? [];
    return `${negation}${path}/package.json`;
  });
  return source.matching(...files).flatMap((path) => {
    if (!path.endsWith("/package.json")) return [];
    const directory = path.slice(0, -"/package.json".length);
    const found = readManifest(source, directory);
    return found === undefined ? [] : [{ name: found.name ?? directory, directory, manifest: found }];
  });
}

/** What a member uses of its workspace, each before those that use it, and the member itself last. */
export function withUsed(
  member: WorkspaceMember,
  members: readonly WorkspaceMember[],
): readonly WorkspaceMember[] {
  const ordered: WorkspaceMember[] = [];
  const seen = new Set<string>();
  const visit = (each: WorkspaceMember): void => {
    if (seen.has(each.directory)) return;
    seen.add(each.directory);
    const names = allDependencies(each.manifest);
    for (const other of members) if (names.has(other.name)) visit(other);
    ordered.push(each);
  };
  visit(member);
  return ordered;
}

function patternsOf(source: Source, { workspaces }: Manifest): readonly string[] | undefined {
  const text = source.text("pnpm-workspace.yaml");
  if (text === undefined) return Array.isArray(workspaces) ? workspaces : workspaces?.packages;
  const { packages } = pnpmWorkspace(text);
  // pnpm's file also has settings; without packages it makes no workspace.
  return Array.isArray(packages) ? packages.map(String) : undefined;
}

function pnpmWorkspace(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = parse(text);
    return isTable(value) ? value : {};
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError("SOURCE_INVALID", `pnpm-workspace.yaml is not YAML: ${why}`, {
      cause,
      fields: { path: "pnpm-workspace.yaml" },
    });
  }
}
