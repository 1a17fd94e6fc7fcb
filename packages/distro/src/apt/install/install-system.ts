import type { Below } from "../../rootfs/difference.ts";
import { RootTree } from "../../rootfs/tree.ts";
import { loadTemplates } from "../script/commands/debconf.ts";
import type { System } from "../script/commands/system.ts";
import {
  finishSystem,
  followScript,
  inScriptOrder,
  type LeftOut,
  linkMovedDirectories,
} from "./configure.ts";
import { writeDatabase } from "./database.ts";
import type { InstalledPackage } from "./installed-package.ts";
import { Unpacking } from "./unpack.ts";

export interface InstalledSystem {
  readonly tree: RootTree;
  /** What the packages' own layers give. */
  readonly below: Below;
  readonly leftOut: readonly LeftOut[];
}

/** Installs packages into an empty tree, as dpkg would: unpacks all, then makes each ready. `PACKAGE_CONFLICT` */
export function installSystem(
  packages: readonly InstalledPackage[],
  time: number,
  architecture: string,
): InstalledSystem {
  const system: System = {
    tree: new RootTree({ mode: 0o755, uid: 0, gid: 0, mtime: time }),
    time,
    architecture,
    diversions: [],
    alternatives: new Map(),
    answers: new Map(),
    overrides: [],
  };
  const leftOut: LeftOut[] = [];
  linkMovedDirectories(system, packages);
  system.tree.makeDirectory("etc", { mode: 0o755, uid: 0, gid: 0, mtime: time });
  const unpacking = new Unpacking(system.tree, system.diversions);
  const ordered = inScriptOrder(packages);
  for (const installed of ordered) {
    leftOut.push(...followScript(installed, "preinst", system));
    unpacking.add(installed, packages.indexOf(installed));
  }
  for (const installed of ordered) {
    loadTemplates(system, installed.facts.control["templates"] ?? "");
    // It only asks questions: what it cannot find out changes nothing.
    followScript(installed, "config", system);
    leftOut.push(...followScript(installed, "postinst", system));
  }
  finishSystem(system, packages);
  writeDatabase(system, packages, (installed) => unpacking.lostBy(installed));
  return { tree: system.tree, below: unpacking.below, leftOut };
}
