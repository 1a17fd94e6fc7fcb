import { existsSync, globSync, readFileSync, statSync } from "node:fs";

/** Where this machine's Debian packages come from: a file for apt and mmdebstrap. */
export function debianSources(): string | undefined {
  return [...globSync("/etc/apt/sources.list.d/debian.sources"), "/etc/apt/sources.list"].find(
    (path) => existsSync(path) && statSync(path).size > 0,
  );
}

/** The release's code name. */
export function release(): string {
  return /VERSION_CODENAME=(\w+)/.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "stable";
}
