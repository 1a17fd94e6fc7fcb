import { type Distribution, distributionOf } from "../../distribution/distribution.ts";
import type { Need } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { chooseRelease, type Offers } from "../../versions/choose-release.ts";
import { npmReferenceTo } from "../../versions/npm-tools.ts";

/** Alpine's and nixpkgs' own: npm's binaries want the C library and the places that Debian has. */
const OFFERS: Offers = {
  apk: [
    { version: "22", release: "3.22" },
    { version: "20", release: "3.20" },
    { version: "18", release: "3.18" },
  ],
  nix: [
    { version: "22", name: "nodejs_22" },
    { version: "24", name: "nodejs_24" },
    { version: "20", name: "nodejs_20" },
  ],
};

/** The Node that builds and runs an application. */
export interface NodeToolchain {
  readonly from: Distribution;
  /** What lies under the application. */
  readonly root: readonly string[];
  /** What steps stand on that need Node and these. */
  rootWith(needs: readonly Need[]): string[];
}

/** An exact Node of npm's own packages, over Debian's; else the distribution's. `VERSION_UNAVAILABLE` */
export function nodeOf(source: Source, settings: Settings): NodeToolchain {
  const distribution = distributionOf(settings);
  if (distribution.ecosystem === "apt") {
    const node = npmReferenceTo(source, settings, "node");
    return {
      from: distribution,
      root: [node],
      rootWith: (needs) => [node, referenceTo(distribution, needs)],
    };
  }
  const { from, name = "nodejs" } = chooseRelease(source, settings, "node", OFFERS, distribution);
  // npm's Node knows all languages; Alpine has what it knows of them apart.
  const node = { title: "Node", apk: "nodejs icu-data-full", nix: name };
  return {
    from,
    root: [referenceTo(from, [node])],
    rootWith: (needs) => [referenceTo(from, [node, ...needs])],
  };
}
