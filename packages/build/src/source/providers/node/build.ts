import { allDependencies } from "./manifest.ts";
import type { Framework } from "./frameworks/framework.ts";
import { nameInNx } from "./frameworks/nx.ts";
import type { Project } from "./project.ts";

/**
 * The line that builds the application; undefined where there is nothing to build. In a workspace what
 * it uses is built before it, by Turborepo or Nx where the workspace has one.
 */
export function buildLine(project: Project, framework: Framework | undefined): string | undefined {
  const { settings, manager, members, manifest, directory, shape } = project;
  // A command of no words says that everything is built already.
  if (settings.buildCommand !== undefined) return settings.buildCommand.trim() || undefined;
  const own = manifest.scripts?.["build"] === undefined ? framework?.build(project) : manager.run("build");
  if (shape === "alone") return own;
  if (own === undefined && members.every((member) => member.manifest.scripts?.["build"] === undefined))
    return undefined;
  const name = manifest.name ?? directory;
  if (runs(project, "turbo", "turbo.json")) return `turbo run build --filter=${name}`;
  if (runs(project, "nx", "nx.json")) return `nx run ${nameInNx(project)}:build`;
  return members
    .flatMap((member) => {
      const line =
        member.directory === directory ? own : member.manifest.scripts?.["build"] && manager.run("build");
      return line === undefined ? [] : [`(cd ${member.directory} && ${line})`];
    })
    .join(" && ");
}

function runs({ root, source }: Project, name: string, configuration: string): boolean {
  return allDependencies(root).has(name) && source.has(configuration);
}
