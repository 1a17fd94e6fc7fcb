import { join } from "node:path/posix";
import type { ManagerFacts } from "./choose.ts";
import type { PackageManager } from "./manager.ts";

const CACHE = "/root/.bun/install/cache";

/** Bun as the package manager, whether it also runs the application or not. */
export function bun({ source }: ManagerFacts, version: string | undefined): PackageManager {
  const isLocked = source.has("bun.lock") || source.has("bun.lockb");
  const install = `bun install --no-progress${isLocked ? " --frozen-lockfile" : ""}`;
  const production = (directory: string | undefined): string =>
    `${install} --production${directory === undefined || directory === "" ? "" : ` --filter=./${directory}`}`;
  return {
    name: "bun",
    package: version === undefined ? "bun" : `bun=${version}`,
    programs: { bun: "@oven/bun-linux-*/bin/bun", bunx: "@oven/bun-linux-*/bin/bun" },
    cache: { id: "bun", target: CACHE, sharing: "shared" },
    environment: { BUN_INSTALL_CACHE_DIR: CACHE, DO_NOT_TRACK: "1" },
    files: ["bun.lock", "bun.lockb", "bunfig.toml", ".npmrc", "patches"],
    lock: isLocked ? "followed" : "missing",
    installAll: install,
    installProduction: (workspace) => production(workspace?.directory),
    // It takes nothing away by itself.
    prune: (workspace) => `rm -rf node_modules && ${production(workspace?.directory)} --ignore-scripts`,
    run: (script) => `bun run ${script}`,
    commandsOf: (directory) => join("/app", directory, "node_modules/.bin"),
    leavings: ["**/node_modules/.cache"],
  };
}
