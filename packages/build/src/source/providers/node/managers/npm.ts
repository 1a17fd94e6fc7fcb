import { accepts } from "../../../versions/accepts.ts";
import type { ManagerFacts } from "./choose.ts";
import type { PackageManager } from "./manager.ts";

const CACHE = "/root/.npm";
const QUIET = "--no-audit --no-fund --loglevel=error";

export function npm({ source, node }: ManagerFacts, version: string | undefined): PackageManager {
  const isLocked = source.has("package-lock.json") || source.has("npm-shrinkwrap.json");
  const install = `npm ${isLocked ? "ci" : "install"} ${QUIET}`;
  return {
    name: "npm",
    package: `npm=${version ?? beside(node)}`,
    programs: {},
    cache: { id: "npm", target: CACHE, sharing: "shared" },
    environment: { npm_config_cache: CACHE, npm_config_update_notifier: "false" },
    files: ["package-lock.json", "npm-shrinkwrap.json", ".npmrc"],
    lock: isLocked ? "followed" : "missing",
    installAll: `${install} --include=dev`,
    installProduction: (workspace) => `${install} --omit=dev${only(workspace?.directory)}`,
    prune: () => `npm prune --omit=dev ${QUIET}`,
    run: (script) => `npm run ${script}`,
    commandsOf: () => "/app/node_modules/.bin",
    leavings: [],
  };
}

/** Of a workspace its own dependencies, and those of the packages of the workspace that it uses. */
function only(directory: string | undefined): string {
  return directory === undefined || directory === "" ? "" : ` --workspace=${directory}`;
}

/** The npm that comes with the Node that is taken: another one may not run on it. */
function beside(node: string | undefined): string {
  const major = NODES.find((each) => node === undefined || accepts(node, String(each))) ?? 0;
  if (major >= 23) return "11";
  return major >= 18 ? "10" : major >= 16 ? "8" : "6";
}

/** In the order in which they are taken (docs/npm.md). */
export const NODES = [24, 26, 22, 20, 18, 16, 14, 12, 10, 25, 23, 21, 19, 17] as const;
