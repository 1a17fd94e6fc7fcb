import { BuildError } from "../../../../errors.ts";
import type { Source } from "../../../project/source.ts";
import type { Manifest } from "../manifest.ts";
import { berry } from "./berry.ts";
import { bun } from "./bun.ts";
import type { PackageManager } from "./manager.ts";
import { npm } from "./npm.ts";
import { pnpm } from "./pnpm.ts";
import { yarn } from "./yarn.ts";

/** What choosing looks at. */
export interface ManagerFacts {
  readonly source: Source;
  readonly manifest: Manifest;
  /** The Node under it, as it is asked for; undefined for the newest with long-term support. */
  readonly node: string | undefined;
}

/** Lock files, and whose they are; asked in this order. */
const LOCKS: readonly [string, string][] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
  ["pnpm-workspace.yaml", "pnpm"],
  [".yarnrc.yml", "yarn"],
  ["bunfig.toml", "bun"],
];

/** By `packageManager`, else by the lock or configuration that there is, else npm. `VERSION_UNAVAILABLE` */
export function chooseManager(facts: ManagerFacts): PackageManager {
  const { source, manifest } = facts;
  const [declared, version] = (manifest.packageManager ?? "").split(/[@+]/);
  const name = declared === undefined || declared === "" ? byFiles(source) : declared;
  switch (name) {
    case "npm":
      return npm(facts, version);
    case "pnpm":
      return pnpm(facts, version);
    case "yarn":
      return isBerry(source, version) ? berry(facts, version) : yarn(facts, version);
    case "bun":
      return bun(facts, version);
    default:
      throw new BuildError("VERSION_UNAVAILABLE", `package.json wants ${name}, which Cooper has not`, {
        advice: "npm, pnpm, yarn and bun are there: set packageManager to one of them.",
        fields: { wanted: name },
      });
  }
}

function byFiles(source: Source): string {
  return LOCKS.find(([path]) => source.has(path))?.[1] ?? "npm";
}

/** Yarn 2 and later are another program, in another package, with a lock of another form. */
function isBerry(source: Source, version: string | undefined): boolean {
  if (version !== undefined) return !/^[01](\.|$)/.test(version);
  const lock = source.text("yarn.lock");
  return lock === undefined ? source.has(".yarnrc.yml") : /^__metadata:/m.test(lock);
}
