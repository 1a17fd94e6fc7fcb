import type { Cancellable } from "@cooper/archive";

/** One thing that a host has or lacks. */
export interface HostFact {
  /** A word that stays the same: `runc`, `overlayfs`. */
  readonly name: string;
  /** `works`: it was tried or found; `limited`: it does part of its work; `missing`: it is not there. */
  readonly state: "works" | "limited" | "missing";
  /** What was found: a version, a reason. */
  readonly found: string;
  /** What it is good for. */
  readonly purpose: string;
  /** Whether something that Cooper does fails without it; the rest only judges or helps. */
  readonly needed: boolean;
  /** The Debian packages that bring it; none where no package can. */
  readonly packages: readonly string[];
  /** What to do where no package helps: one sentence. */
  readonly advice?: string;
}

/** Finds out one fact. */
export type Question = (options: Cancellable) => HostFact | Promise<HostFact>;
