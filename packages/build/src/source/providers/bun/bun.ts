import { readProcfile } from "../../project/procfile.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { frameworkOf } from "../node/frameworks/table.ts";
import { canStart, planProject } from "../node/node.ts";
import { type Project, readProject, readRoot } from "../node/project.ts";
import { scriptOf, startScript } from "../node/start.ts";
import { bunRuntime } from "./runtime.ts";

const FILES = ["bun.lock", "bun.lockb", "bunfig.toml"] as const;
const NO_SETTINGS: Settings = { variables: {} };

/**
 * Applications that Bun runs. Where it only installs packages, and Node runs what they are for, the
 * application is Node's.
 */
export const bun: Provider = {
  name: "bun",
  detect: (source) => (source.has("package.json") ? reasonIn(source) : undefined),
  plan: (source, settings) =>
    planProject(readProject(source, settings, canStart), "bun", bunRuntime(source, settings)),
};

function reasonIn(source: Source): string | undefined {
  const project = readRoot(source, NO_SETTINGS);
  const line = readProcfile(source).get("web") ?? startScript(project);
  if (line !== undefined && isBun(project, line)) return `started by ${JSON.stringify(line)}`;
  const file = FILES.find((path) => source.has(path));
  if (file === undefined || line !== undefined || frameworkOf(project) !== undefined) return undefined;
  const lines = project.workspace.flatMap(({ manifest }) => startScript({ ...project, manifest }) ?? []);
  return lines.every((each) => isBun(project, each)) ? file : undefined;
}

function isBun(project: Project, line: string): boolean {
  return /^(?:\w+=\S* )*bunx?\s/.test(scriptOf(project, line));
}
