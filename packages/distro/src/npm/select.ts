import { satisfies, validRange } from "semver";
import { DistroError } from "../errors.ts";
import { type LockEntry, NODE_MODULES, type PackageLock, nameOf, parentOf } from "./package-lock.ts";
import { fits, type Target } from "./target.ts";

/** A package that belongs into the image. */
export interface Selected {
  readonly place: string;
  readonly entry: LockEntry;
  /** `asked for`, `needed by cowsay`, `optional for esbuild`. */
  readonly reason: string;
  /** How many packages of the image ask for it, peers included. */
  readonly dependents: number;
}

export interface Selection {
  /** Sorted by place, so that a package comes before those that stand in it. */
  readonly packages: readonly Selected[];
  /** Optional packages that are left out, with the reason. */
  readonly leftOut: ReadonlyMap<string, string>;
}

export interface SelectOptions {
  /** The packages that were asked for, by name. */
  readonly asked: readonly string[];
  readonly target: Target;
  /** The version of Node that optional packages must run on; undefined where it is not chosen yet. */
  readonly node?: string | undefined;
}

/**
 * A lock is for every platform: these are the packages that this one needs. An optional package
 * that does not fit, or that needs one that does not, is left out, as by npm.
 * `PLATFORM_UNSUPPORTED`: one that is needed does not fit.
 */
export function selectPackages(lock: PackageLock, options: SelectOptions): Selection {
  const obstacles = findObstacles(lock, options);
  const reached = new Map<string, Omit<Selected, "dependents">>();
  const dependents = new Map<string, number>();
  const leftOut = new Map<string, string>();
  const queue: string[] = [];
  const reach = (place: string, reason: string): void => {
    const entry = lock.get(place);
    if (entry === undefined || reached.has(place)) return;
    reached.set(place, { place, entry, reason });
    queue.push(place);
  };

  for (const name of options.asked) {
    const place = `${NODE_MODULES}${name}`;
    const obstacle = lock.has(place) ? obstacles.get(place) : "npm did not put it there";
    if (obstacle !== undefined) throw unsupported(name, obstacle, options.target);
    reach(place, "asked for");
  }
  for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
    for (const edge of edgesOf(place, lock)) {
      if (edge.to === undefined) continue;
      dependents.set(edge.to, (dependents.get(edge.to) ?? 0) + 1);
      const by = nameOf(place, lock.get(place) ?? {});
      const obstacle = obstacles.get(edge.to);
      if (obstacle === undefined)
        reach(edge.to, `${edge.kind === "needed" ? "needed by" : "optional for"} ${by}`);
      else leftOut.set(edge.to, obstacle);
    }
  }
  const packages = [...reached.values()].map((one) => ({
    ...one,
    dependents: dependents.get(one.place) ?? 0,
  }));
  return { packages: packages.toSorted((a, b) => (a.place < b.place ? -1 : 1)), leftOut };
}

interface Edge {
  readonly name: string;
  /** Where what is asked for stands; undefined where it stands nowhere. */
  readonly to: string | undefined;
  /** A peer is the business of whoever asked for the package: npm only warns where it is missing. */
  readonly kind: "needed" | "optional" | "peer";
}

function edgesOf(place: string, lock: PackageLock): readonly Edge[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = lock.get(place) ?? {};
  const edges = (names: Readonly<Record<string, string>>, kind: Edge["kind"]): readonly Edge[] =>
    Object.keys(names).map((name) => ({ name, kind, to: resolve(place, name, lock) }));
  // npm lists optional ones among the dependencies too.
  const needed = Object.fromEntries(
    Object.entries(dependencies).filter(([name]) => !Object.hasOwn(optionalDependencies, name)),
  );
  return [
    ...edges(needed, "needed"),
    ...edges(optionalDependencies, "optional"),
    ...edges(peerDependencies, "peer"),
  ];
}

/** As Node looks for a module: in the package, then beside it, then further up. */
export function resolve(from: string, name: string, lock: Pick<PackageLock, "has">): string | undefined {
  for (let directory = from; ; directory = parentOf(directory)) {
    const place = directory === "" ? `${NODE_MODULES}${name}` : `${directory}/${NODE_MODULES}${name}`;
    if (lock.has(place)) return place;
    if (directory === "") return undefined;
  }
}

/** Each package that cannot be installed, with the reason: its own, or that of one that it needs. */
function findObstacles(lock: PackageLock, { target, node }: SelectOptions): ReadonlyMap<string, string> {
  const obstacles = new Map<string, string>();
  for (const [place, entry] of lock) {
    if (entry.inBundle === true) continue; // it is in another's tarball already
    const range = entry.engines?.["node"];
    if (!fits(entry, target)) obstacles.set(place, `it is for ${describePlatforms(entry)} only`);
    else if (node !== undefined && entry.optional === true && !runsOn(range, node)) {
      obstacles.set(place, `it needs Node ${range ?? ""}`);
    }
  }
  const blocked = [...obstacles.keys()];
  const neededBy = findDependents(lock);
  for (let place = blocked.shift(); place !== undefined; place = blocked.shift()) {
    for (const dependent of neededBy.get(place) ?? []) {
      if (obstacles.has(dependent)) continue;
      const name = nameOf(place, lock.get(place) ?? {});
      obstacles.set(dependent, `it needs ${name}: ${obstacles.get(place) ?? ""}`);
      blocked.push(dependent);
    }
  }
  return obstacles;
}

function findDependents(lock: PackageLock): ReadonlyMap<string, readonly string[]> {
  const result = new Map<string, string[]>();
  for (const place of lock.keys()) {
    for (const { kind, to } of edgesOf(place, lock)) {
      if (kind !== "needed" || to === undefined) continue;
      const before = result.get(to);
      if (before === undefined) result.set(to, [place]);
      else before.push(place);
    }
  }
  return result;
}

/** Whether a version of Node is one that a package is for; a range that is none says nothing. */
export function runsOn(range: string | undefined, node: string): boolean {
  return range === undefined || validRange(range) === null || satisfies(node, range);
}

function describePlatforms({ os, cpu, libc }: LockEntry): string {
  return [os, cpu, libc]
    .map((words) => words?.join("|") ?? "")
    .filter((words) => words !== "")
    .join(" ");
}

function unsupported(name: string, obstacle: string, target: Target): DistroError {
  const platform = `${target.os}-${target.cpu}-${target.libc}`;
  return new DistroError("PLATFORM_UNSUPPORTED", `${name} cannot be installed for ${platform}: ${obstacle}`, {
    advice: "Ask for another platform, or for a version of the package that is for this one.",
    fields: { package: name, platform },
  });
}
