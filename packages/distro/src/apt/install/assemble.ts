import type { Cancellable } from "@cooper/archive";
import type { Context } from "../../ecosystem/context.ts";
import type { Assembly, Whole } from "../../ecosystem/ecosystem.ts";
import type { Solution } from "../../ecosystem/solution.ts";
import { inParallel } from "../../fetch/in-parallel.ts";
import { difference } from "../../rootfs/difference.ts";
import { APT_CONTENT_VERSION } from "../package/content.ts";
import { ArchivePackages } from "./archive-packages.ts";
import { installedPackage } from "./installed-package.ts";
import { installSystem } from "./install-system.ts";
import { runConfigOf } from "./run-config.ts";

/** Packages that are read at a time: unpacking them keeps a core each busy. */
const PARALLEL = 3;

/**
 * The parts of an image of apt's packages, installed as dpkg would, without running anything of theirs.
 * What a script would do and is not done here is told as a `warning`.
 *
 * `PACKAGE_INVALID`, `PACKAGE_CONFLICT`, `REPOSITORY_INVALID`, and what the fetcher throws
 */
export async function assemble(solution: Solution, context: Context): Promise<Assembly> {
  const whole = wholeOf(solution);
  const packages = new ArchivePackages(whole, context);
  return {
    packages: whole.packages.map((solved, place) => ({
      package: solved,
      key: `apt:${APT_CONTENT_VERSION}:${solved.checksum}`,
      fetch: async (options) => await packages.fetch(place, options),
      members: (options) => packages.members(place, options),
    })),
    whole: async (options) => await install(whole, packages, { ...context, ...options }),
  };
}

/** The base comes first: it has the accounts and directories that the others' scripts speak of. */
function wholeOf(solution: Solution): Solution {
  const { base, packages } = solution;
  return base === undefined ? solution : { ...solution, packages: [...base.packages, ...packages] };
}

async function install(solution: Solution, packages: ArchivePackages, context: Context): Promise<Whole> {
  const places = [...solution.packages.entries()];
  const installed = await inParallel(
    places,
    PARALLEL,
    async ([place, solved], options) => installedPackage(solved, await packages.facts(place, options)),
    context,
  );
  const newest = installed.reduce((most, { facts }) => Math.max(most, facts.newest), 0);
  const { tree, below, leftOut } = installSystem(installed, newest, architectureOf(solution));
  for (const { installed: owner, script, what } of leftOut) {
    context.onEvent({
      type: "warning",
      subject: owner.solved.name,
      message: `its ${script} ${what.join(", and ")}: that is not done`,
    });
  }
  return {
    async *top(options: Cancellable) {
      yield* difference(tree, below, (bytes) => packages.bytes(bytes, options));
    },
    run: runConfigOf(tree, solution.request),
    created: newest,
  };
}

/** As dpkg calls the image's own: what its packages are for, but `all`. */
function architectureOf({ packages, platform }: Solution): string {
  const own = packages.find(({ architecture }) => architecture !== "all")?.architecture;
  return own ?? platform.architecture;
}
