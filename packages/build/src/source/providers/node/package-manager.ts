import { BuildError } from "../../../errors.ts";
import type { Source } from "../../source.ts";

/** How one of Node's package managers is told what to do. */
export interface PackageManager {
  readonly name: "npm" | "pnpm" | "yarn";
  /** Its own package, with its version. */
  readonly package: string;
  readonly cache: string;
  /** Files that say which packages. */
  readonly manifests: readonly string[];
  install(which: "all" | "production", source: Source): string;
  run(script: string): string;
}

const MANIFESTS = [
  "package.json",
  "package-lock.json",
  "npm-shrinkwrap.json",
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  "yarn.lock",
  ".npmrc",
  ".yarnrc*",
  "**/package.json",
] as const;

/** By `packageManager`, else by the lock file that there is, else npm. `VERSION_UNAVAILABLE` */
export function packageManagerOf(source: Source, declared: string | undefined): PackageManager {
  const [name, version] = (declared ?? "").split(/[@+]/);
  const chosen =
    name !== undefined && name !== ""
      ? name
      : source.has("pnpm-lock.yaml")
        ? "pnpm"
        : source.has("yarn.lock")
          ? "yarn"
          : "npm";
  const pinned = (own: string): string => (version === undefined ? own : `${own}=${version}`);
  switch (chosen) {
    case "npm":
      return npm(pinned("npm"));
    case "pnpm":
      return pnpm(pinned("pnpm"));
    case "yarn":
      return yarn(pinned("yarn"));
    default:
      throw new BuildError("VERSION_UNAVAILABLE", `package.json wants ${chosen}, which Cooper has not`, {
        advice: "npm, pnpm and yarn are there: set packageManager to one of them.",
      });
  }
}

function npm(package_: string): PackageManager {
  return {
    name: "npm",
    package: package_,
    cache: "/root/.npm",
    manifests: MANIFESTS,
    install: (which, source) => {
      const isLocked = source.has("package-lock.json") || source.has("npm-shrinkwrap.json");
      const flags = `--no-audit --no-fund --loglevel=error${which === "production" ? " --omit=dev" : " --include=dev"}`;
      return `npm ${isLocked ? "ci" : "install"} ${flags}`;
    },
    run: (script) => `npm run ${script}`,
  };
}

function pnpm(package_: string): PackageManager {
  return {
    name: "pnpm",
    package: package_,
    cache: "/root/.local/share/pnpm/store",
    manifests: MANIFESTS,
    install: (which, source) =>
      `pnpm install --config.node-linker=hoisted ${source.has("pnpm-lock.yaml") ? "--frozen-lockfile" : "--no-frozen-lockfile"}${which === "production" ? " --prod" : " --prod=false"}`,
    run: (script) => `pnpm run ${script}`,
  };
}

function yarn(package_: string): PackageManager {
  return {
    name: "yarn",
    package: package_,
    cache: "/root/.cache/yarn",
    manifests: MANIFESTS,
    install: (which, source) =>
      `yarn install --non-interactive ${source.has("yarn.lock") ? "--frozen-lockfile" : ""}${which === "production" ? " --production=true" : " --production=false"}`,
    run: (script) => `yarn run ${script}`,
  };
}
