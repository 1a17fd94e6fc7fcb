import { join } from "node:path/posix";
import type { Source } from "../../../project/source.ts";
import type { ManagerFacts } from "./choose.ts";
import type { PackageManager } from "./manager.ts";

const FOLDER = "/root/.yarn/berry";
const FOCUS = ".yarn/plugins/@yarnpkg/plugin-workspace-tools.cjs";

/** The lock is followed all the same: it has what the manifests still ask for. */
const WITHOUT_DEVELOPMENT = `find . -name node_modules -prune -o -name package.json -exec node -e '${[
  "for(const f of process.argv.slice(1)){const m=JSON.parse(fs.readFileSync(f))",
  "delete m.devDependencies",
  "fs.writeFileSync(f,JSON.stringify(m))}",
].join(";")}' {} +`;

/**
 * Yarn 2 and later. Images have a node_modules whatever the project's linker is: Plug'n'Play needs a
 * loader in front of each program, and the archives that it reads from.
 */
export function berry({ source }: ManagerFacts, version: string | undefined): PackageManager {
  const lock = source.text("yarn.lock");
  const install = `yarn install ${lock === undefined ? "--no-immutable" : "--immutable"}`;
  const line = version ?? ofLock(lock);
  const production = focuses(source, line)
    ? "yarn workspaces focus --production"
    : `${WITHOUT_DEVELOPMENT} && yarn install --no-immutable`;
  const hasOwnCache = source.matching(".yarn/cache/*.zip").length > 0;
  return {
    name: "berry",
    package: `@yarnpkg/cli-dist=${line}`,
    programs: {},
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

/** Before Yarn 4 only a plugin leaves development packages out; for others no manifest asks for them then. */
function focuses(source: Source, line: string): boolean {
  return Number(/^\d+/.exec(line)?.[0]) >= 4 || source.has(FOCUS);
}

/** The line of Yarn that writes this form of lock: another one would write it anew, which is an error. */
function ofLock(lock: string | undefined): string {
  const [, form = "8", key = ""] =
    /^__metadata:\s+version:\s*['"]?(\d+)['"]?(?:\s+cacheKey:\s*['"]?(\d+))?/m.exec(lock ?? "") ?? [];
  if (Number(form) >= 7) return "4";
  if (form === "6") return "3";
  return form === "5" ? "3.1" : Number(key) >= 8 ? "3.0" : "2";
}
