import { join } from "node:path/posix";
import type { ManagerFacts } from "./choose.ts";
import type { PackageManager } from "./manager.ts";

const CACHE = "/root/.cache/yarn";

/** Yarn 1. It knows no single workspace: an install is of them all. */
export function yarn({ source }: ManagerFacts, version: string | undefined): PackageManager {
  const isLocked = source.has("yarn.lock");
  const install = `yarn install --non-interactive${isLocked ? " --frozen-lockfile" : ""}`;
  return {
    name: "yarn",
    package: `yarn=${version ?? "1"}`,
    programs: {},
    // Two of them that fill one cache at once break each other's packages.
    cache: { id: "yarn", target: CACHE, sharing: "locked" },
    environment: { YARN_CACHE_FOLDER: CACHE },
    files: ["yarn.lock", ".yarnrc", ".npmrc", ".yarn/releases"],
    lock: isLocked ? "followed" : "missing",
    installAll: `${install} --production=false`,
    installProduction: () => `${install} --production`,
    prune: () => `${install} --production --ignore-scripts --prefer-offline`,
    run: (script) => `yarn run ${script}`,
    commandsOf: (directory) => join("/app", directory, "node_modules/.bin"),
    leavings: ["**/node_modules/.yarn-integrity"],
  };
}
