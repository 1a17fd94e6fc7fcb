import { join } from "node:path/posix";
import { BuildError } from "../../../errors.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { versionUnavailable } from "../../versions/choose.ts";
import { wantedVersion } from "../../versions/wanted.ts";
import { chooseManager } from "./managers/choose.ts";
import type { PackageManager } from "./managers/manager.ts";
import { NODES } from "./managers/npm.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { type NodeToolchain, nodeOf } from "./toolchain.ts";
import { readWorkspace, type WorkspaceMember, withUsed } from "./workspace.ts";

/** An application that is written for Node, where it lies, and what installs its packages. */
export interface Project {
  readonly source: Source;
  readonly settings: Settings;
  /** The application's directory in the source; `""` is its root. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** That of the root, where the lock is. */
  readonly root: Manifest;
  readonly manager: PackageManager;
  readonly toolchain: NodeToolchain;
  /** The packages that are built: the application last. Without a workspace it is all there is. */
  readonly members: readonly WorkspaceMember[];
  /** Every package of the workspace but its root. */
  readonly workspace: readonly WorkspaceMember[];
  /** Whether the application is one package of several. */
  readonly shape: "alone" | "workspace";
}

/** Whether a package of a workspace is something that can be started or served. */
export type CanStart = (application: Project) => boolean;

/** Reads package.json and the workspace around it. `SOURCE_INVALID`, `VERSION_UNAVAILABLE`, `START_UNKNOWN` */
export function readProject(source: Source, settings: Settings, canStart: CanStart): Project {
  const alone = readRoot(source, settings);
  const all = readWorkspace(source, alone.root);
  if (all === undefined) return alone;
  const { root } = alone;
  const projects = all.map((member): Project => ({
    ...alone,
    directory: member.directory,
    manifest: member.manifest,
    members: withUsed(member, all),
    shape: "workspace",
  }));
  return chooseMember(projects, root, settings, canStart) ?? alone;
}

/** The package at the source's root, taken by itself. `SOURCE_INVALID`, `VERSION_UNAVAILABLE` */
export function readRoot(source: Source, settings: Settings): Project {
  const root = readManifest(source, "") ?? {};
  const asked = wantedVersion(source, settings, "node");
  // Words that nvm knows and npm does not, or would take for a tag: `lts/-1`, `iojs`, a line that there never was.
  if (asked !== undefined && /^[a-z]/i.test(asked.version))
    throw versionUnavailable("node", asked, NODES.map(String));
  const wanted = asked?.version;
  return {
    source,
    settings,
    root,
    manifest: root,
    directory: "",
    manager: chooseManager({ source, manifest: root, node: wanted }),
    toolchain: nodeOf(source, settings),
    members: [{ name: root.name ?? "", directory: "", manifest: root }],
    workspace: readWorkspace(source, root) ?? [],
    shape: "alone",
  };
}

/** A path of the application, from the root of the source. */
export function pathIn({ directory }: Project, path: string): string {
  return join(directory, path);
}

/** Starts packages of the workspace, not the root itself. */
const DELEGATES = /\b(turbo|nx|lerna|concurrently|npm-run-all)\b|--filter|--workspace|\s-w\s|yarn workspace/;

/**
 * The package that is to become an image: the one that is asked for, the root where it starts itself,
 * or the only one that can be started. Undefined for the root.
 */
function chooseMember(
  projects: readonly Project[],
  root: Manifest,
  settings: Settings,
  canStart: CanStart,
): Project | undefined {
  const asked = settings.variables["WORKSPACE"]?.replace(/^\.\/|\/$/g, "");
  const named = projects.find(({ directory, manifest }) => manifest.name === asked || directory === asked);
  if (named !== undefined) return named;
  const start = root.scripts?.["start"];
  if (asked === undefined && start !== undefined && !DELEGATES.test(start)) return undefined;
  const startable = projects.filter(canStart);
  const applications = startable.filter(({ directory }) => directory.startsWith("apps/"));
  const [only, ...others] = applications.length > 0 ? applications : startable;
  if (asked === undefined && others.length === 0) return only;
  const names = startable.map(({ directory, manifest }) => manifest.name ?? directory).join(", ");
  throw new BuildError(
    "START_UNKNOWN",
    asked === undefined
      ? `the workspace has several applications: ${names}`
      : `the workspace has no package ${asked}`,
    { advice: `Say which: --env WORKSPACE=NAME. There are ${names}.`, fields: { workspace: asked ?? "" } },
  );
}
