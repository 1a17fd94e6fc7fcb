import { type Distribution, packagesUnavailable } from "./distribution.ts";
import { type Need, SHARED } from "./names.ts";

/** One reference for what is needed, in the order in which it is named. `PACKAGES_UNAVAILABLE` */
export function referenceTo(distribution: Distribution, needs: readonly Need[]): string {
  const { ecosystem, release } = distribution;
  const names = [...new Set(needs.flatMap((need) => namesOf(distribution, need)))];
  return `${ecosystem}:${names.join("/")}${release === undefined ? "" : `:${release}`}`;
}

/** What a need is called here. `PACKAGES_UNAVAILABLE` */
export function namesOf(distribution: Distribution, need: Need): readonly string[] {
  const row = typeof need === "string" ? SHARED[need] : need;
  const names = row[distribution.ecosystem];
  if (names === undefined) throw packagesUnavailable(distribution, row.title);
  return names.split(" ").filter((name) => name !== "");
}
