import { BuildError } from "../../errors.ts";
import {
  type Distribution,
  type Ecosystem,
  MAKERS,
  packagesUnavailable,
} from "../distribution/distribution.ts";
import type { Settings } from "../providers/provider.ts";
import type { Source } from "../project/source.ts";
import { chooseVersion } from "./choose.ts";
import { type ToolName, TOOLS } from "./tools.ts";

/** A tool as one of a distribution's releases has it. */
export interface Packaged {
  readonly version: string;
  /** `bookworm`, `3.22`; undefined where the version is in the package's own name. */
  readonly release?: string | undefined;
  /** What it is called there, where that differs between versions: `python312`. */
  readonly name?: string | undefined;
}

/** The versions of a tool that can be had, by ecosystem: the first one is for whom any will do. */
export type Offers = Readonly<Partial<Record<Ecosystem, readonly [Packaged, ...Packaged[]]>>>;

/** A version of a tool, and the distribution that all of the plan comes from with it. */
export interface Chosen extends Packaged {
  readonly from: Distribution;
}

/**
 * Of the releases that have a tool, the first whose version the project takes; where a release is asked
 * for, only those of it. `VERSION_UNAVAILABLE`, `PACKAGES_UNAVAILABLE`
 */
export function chooseRelease(
  source: Source,
  settings: Settings,
  tool: ToolName,
  offers: Offers,
  { ecosystem, release }: Distribution,
): Chosen {
  const all = offers[ecosystem];
  if (all === undefined) throw packagesUnavailable({ ecosystem }, TOOLS[tool].title);
  const fitting = all.filter((each) => release === undefined || (each.release ?? release) === release);
  const [first, ...others] = fitting;
  if (first === undefined) {
    const there = all.map((each) => `${each.version} (${ecosystem}:${each.release ?? ""})`).join(", ");
    throw new BuildError(
      "VERSION_UNAVAILABLE",
      `${MAKERS[ecosystem]} ${release ?? ""} has no ${TOOLS[tool].title} that applications are built with; there is ${there}`,
      {
        advice: `Take another release: --packages-from ${ecosystem}:${all[0].release ?? ""}.`,
        fields: { tool, packages: `${ecosystem}:${release ?? ""}` },
      },
    );
  }
  const available = [first.version, ...others.map(({ version }) => version)] as const;
  const version = chooseVersion(source, settings, tool, available);
  const chosen = fitting.find((each) => each.version === version) ?? first;
  return { ...chosen, from: { ecosystem, release: chosen.release ?? release } };
}
