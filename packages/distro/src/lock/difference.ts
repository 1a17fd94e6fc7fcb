import { formatPlatform } from "@cooper/oci";
import type { Solution, SolvedPackage } from "../ecosystem/solution.ts";
import type { Lock } from "./lock.ts";

/** What became of a package from one lock to the next. */
export interface LockChange {
  readonly platform: string;
  readonly name: string;
  readonly kind: "added" | "removed" | "changed" | "rebuilt";
  /** The versions; undefined where there is none. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** One line for people. */
  readonly words: string;
}

/** What changed between two locks, by platform and name. Empty where both make the same image. */
export function diffLocks(before: Lock, after: Lock): readonly LockChange[] {
  const old = new Map(before.solutions.map((solution) => [formatPlatform(solution.platform), solution]));
  const now = new Map(after.solutions.map((solution) => [formatPlatform(solution.platform), solution]));
  const platforms = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return platforms.flatMap((platform) => diffSolutions(platform, old.get(platform), now.get(platform)));
}

function diffSolutions(
  platform: string,
  before: Solution | undefined,
  after: Solution | undefined,
): readonly LockChange[] {
  const old = byName(before);
  const now = byName(after);
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return names.flatMap((name) => {
    const change = diffPackage(name, old.get(name), now.get(name));
    return change === undefined ? [] : [{ ...change, platform, name }];
  });
}

type Change = Omit<LockChange, "platform" | "name">;

function diffPackage(
  name: string,
  before: SolvedPackage | undefined,
  after: SolvedPackage | undefined,
): Change | undefined {
  const from = before?.version;
  const to = after?.version;
  if (before === undefined)
    return { kind: "added", from, to, words: `${name} ${to} comes in: ${after?.reason}` };
  if (after === undefined) return { kind: "removed", from, to, words: `${name} ${from} goes` };
  if (from !== to) return { kind: "changed", from, to, words: `${name} from ${from} to ${to}` };
  if (before.checksum === after.checksum) return undefined;
  return { kind: "rebuilt", from, to, words: `${name} ${to} has the same version and other bytes` };
}

function byName(solution: Solution | undefined): ReadonlyMap<string, SolvedPackage> {
  const packages = [...(solution?.base?.packages ?? []), ...(solution?.packages ?? [])];
  // npm has one package in several versions: then each stands for itself.
  const several = new Set(
    packages.map(({ name }) => name).filter((name, place, all) => all.indexOf(name) !== place),
  );
  return new Map(
    packages.map((one) => [several.has(one.name) ? `${one.name} ${one.version}` : one.name, one]),
  );
}
