import { join } from "node:path/posix";
import type { Source } from "../../../project/source.ts";
import type { ManagerFacts } from "./choose.ts";
import type { PackageManager } from "./manager.ts";

const FOLDER = "/root/.yarn/berry";
const FOCUS = ".yarn/plugins/@yarnpkg/plugin-workspace-tools.cjs";

/**
 * Yarn 2 and later. Images have a node_modules whatever the project's linker is: Plug'n'Play needs a
 * loader in front of each program, and the archives that it reads from.
 */
export function berry({ source }: ManagerFacts, version: string | undefined): PackageManager {
  const lock = source.text("yarn.lock");
  const install = `yarn install ${lock === undefined ? "--no-immutable" : "--immutable"}`;
  const line = version ?? ofLock(lock);
  const production = focuses(source, line) ? "yarn workspaces focus --production" : install;
  const hasOwnCache = source.matching(".yarn/cache/*.zip").length > 0;
  return {
    name: "berry",
    package: `@yarnpkg/cli-dist=${line}`,
    programs: { yarn: "@yarnpkg/cli-dist/bin/yarn.js" },
    cache: { id: "yarn-berry", target: FOLDER, sharing: "shared" },
    environment: {
      YARN_GLOBAL_FOLDER: FOLDER,
      YARN_ENABLE_GLOBAL_CACHE: String(!hasOwnCache),
      YARN_ENABLE_TELEMETRY: "false",
      YARN_ENABLE_PROGRESS_BARS: "false",
      YARN_NODE_LINKER: "node-modules",
    },
    files: [
      "yarn.lock",
      ".yarnrc.yml",
      ".yarn/releases",
      ".yarn/plugins",
      ".yarn/patches",
      ...(hasOwnCache ? [".yarn/cache"] : []),
    ],
    lock: lock === undefined ? "missing" : "followed",
    installAll: install,
    installProduction: (workspace) => focused(production, workspace?.name),
    prune: (workspace) => focused(production, workspace?.name),
    run: (script) => `yarn run ${script}`,
    commandsOf: (directory) => join("/app", directory, "node_modules/.bin"),
    leavings: ["**/node_modules/.yarn-state.yml"],
  };
}

function focused(line: string, workspace: string | undefined): string {
  return workspace === undefined || !line.includes("focus")
    ? line
    : line.replace("focus", `focus ${workspace}`);
}

/** Before Yarn 4 only a plugin leaves development packages out. */
function focuses(source: Source, line: string): boolean {
  return Number(/^\d+/.exec(line)?.[0]) >= 4 || source.has(FOCUS);
}

/** The line of Yarn that writes this form of lock. */
function ofLock(lock: string | undefined): string {
  const form = Number(/^__metadata:\s+version:\s*['"]?(\d+)/m.exec(lock ?? "")?.[1] ?? 8);
  return form >= 7 ? "4" : form === 6 ? "3" : "2";
}
