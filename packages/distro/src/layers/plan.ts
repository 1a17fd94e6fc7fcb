import { DistroError } from "../errors.ts";
import type { SolvedPackage } from "../ecosystem/solution.ts";

export type LayerStrategy = "per-package" | "per-origin" | "single";

export interface LayeringOptions {
  /** What is kept together; default `per-origin`: what one source package gave changes together. */
  readonly strategy?: LayerStrategy | undefined;
  /** Layers of the image at the most, the top layer included; 2 to 120, default 40. */
  readonly budget?: number | undefined;
}

/** Overlayfs and several registries know no more than 127 layers, and others want some on top. */
export const MAX_LAYER_BUDGET = 120;
export const DEFAULT_LAYER_BUDGET = 40;

/**
 * Which packages share a layer: groups of places in `packages`, the bottom layer first. The rule
 * (docs/layers.md) looks at nothing but the packages themselves, so that the same packages give the
 * same layers on any machine and on any day:
 *
 * 1. Packages are grouped: each alone, by source package, or all together.
 * 2. A group weighs its installed size times one more than the number of packages outside of it that
 *    need it: what is large, and what many need and so many images have, is worth a layer of its own.
 * 3. Within the budget the heaviest groups have layers of their own; the rest share one. Ties go by name.
 * 4. Layers lie in the order in which their first package is installed, the shared one on top of them.
 *
 * `LAYERING_INVALID`
 */
export function planLayers(
  packages: readonly SolvedPackage[],
  { strategy = "per-origin", budget = DEFAULT_LAYER_BUDGET }: LayeringOptions = {},
): readonly (readonly number[])[] {
  if (!Number.isInteger(budget) || budget < 2 || budget > MAX_LAYER_BUDGET) {
    throw new DistroError("LAYERING_INVALID", `an image cannot have a budget of ${budget} layers`, {
      kind: "usage",
      advice: `Give a whole number from 2 to ${MAX_LAYER_BUDGET}.`,
    });
  }
  const groups = groupPackages(packages, strategy);
  const forPackages = budget - 1;
  if (groups.length <= forPackages) return groups.map(({ members }) => members);
  const heaviest = groups.toSorted(byWeight).slice(0, forPackages - 1);
  const own = new Set(heaviest);
  const rest = groups.filter((group) => !own.has(group)).flatMap(({ members }) => members);
  return [
    ...groups.filter((group) => own.has(group)).map(({ members }) => members),
    rest.toSorted((a, b) => a - b),
  ];
}

interface Group {
  readonly name: string;
  readonly weight: number;
  readonly members: readonly number[];
}

/** In the order of their first members. */
function groupPackages(packages: readonly SolvedPackage[], strategy: LayerStrategy): readonly Group[] {
  const members = new Map<string, number[]>();
  for (const [place, package_] of packages.entries()) {
    const name = GROUP_NAME[strategy](package_);
    const known = members.get(name);
    if (known === undefined) members.set(name, [place]);
    else known.push(place);
  }
  return [...members].map(([name, places]) => {
    const of = places.map((place) => packages[place]).filter((found) => found !== undefined);
    const size = of.reduce((sum, { installedSize }) => sum + installedSize, 0);
    // Those of one source need each other much of the time: the most needed one speaks for all.
    const dependents = Math.max(...of.map((found) => found.dependents ?? 0));
    return { name, weight: size * (1 + dependents), members: places };
  });
}

const GROUP_NAME: Readonly<Record<LayerStrategy, (package_: SolvedPackage) => string>> = {
  "per-package": ({ name }) => name,
  "per-origin": ({ origin }) => origin,
  single: () => "",
};

function byWeight(a: Group, b: Group): number {
  return b.weight - a.weight || (a.name < b.name ? -1 : 1);
}
