import { join } from "node:path/posix";
import type { ManagerFacts } from "./choose.ts";
import type { PackageManager } from "./manager.ts";

const STORE = "/root/.local/share/pnpm/store";

/**
 * pnpm, with the tree of links that it makes. Commands of packages are links to the programs too, not
 * scripts for a shell around them: then Node starts them by itself.
 */
export function pnpm({ source }: ManagerFacts, version: string | undefined): PackageManager {
  const lock = source.text("pnpm-lock.yaml");
  const flags = `${lock === undefined ? "--no-frozen-lockfile" : "--frozen-lockfile"} --config.prefer-symlinked-executables=true`;
  const production = (name: string | undefined): string =>
    `pnpm install ${flags} --prod${name === undefined ? "" : ` --filter=${name}...`}`;
  const line = version ?? ofLock(lock);
  return {
    name: "pnpm",
    package: `pnpm=${line}`,
    programs: programsOf(line),
    cache: { id: "pnpm", target: STORE, sharing: "shared" },
    environment: {
      npm_config_store_dir: STORE,
      pnpm_config_store_dir: STORE,
      // It is the version that is asked for; by itself it would look for that in the registry once more.
      npm_config_manage_package_manager_versions: "false",
      pnpm_config_pm_on_fail: "ignore",
    },
    files: ["pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc", ".pnpmfile.cjs", ".pnpmfile.mjs", "patches"],
    lock: lock === undefined ? "missing" : "followed",
    installAll: `pnpm install ${flags} --prod=false`,
    installProduction: (workspace) => production(workspace?.name),
    prune: (workspace) => `${production(workspace?.name)} --ignore-scripts`,
    run: (script) => `pnpm run ${script}`,
    // When it last looked, to the millisecond.
    commandsOf: (directory) => join("/app", directory, "node_modules/.bin"),
    leavings: ["**/node_modules/.modules.yaml", "**/node_modules/.pnpm-workspace-state*.json"],
  };
}

/** Since 12 it is a program for one machine, in a package of that machine's name. */
function programsOf(line: string): Readonly<Record<string, string>> {
  return Number(/^\d+/.exec(line)?.[0]) >= 12 ? { pnpm: "@pnpm/exe.linux-*/pnpm" } : {};
}

/** The line of pnpm that writes this form of lock; where there is none, one that reads them all. */
function ofLock(lock: string | undefined): string {
  const form = Number(/^lockfileVersion:\s*['"]?(\d+)/m.exec(lock ?? "")?.[1] ?? 9);
  return form >= 9 ? "10" : form >= 6 ? "8" : "7";
}
