import { compareApkVersions, type OpenContext, type Solution, solvePackages } from "@cooper/distro";
import type { Platform } from "@cooper/oci";
import { BuildError } from "../errors.ts";

/**
 * Solves for each platform so that all have the same versions. Repositories are built for one
 * architecture after the other, and one may be ahead: then the older version is taken in all, where all
 * have it. What was asked for must agree; what that needs may differ. `ARCHITECTURES_DISAGREE`
 */
export async function solveTogether(
  packages: readonly string[],
  platforms: readonly Platform[],
  context: OpenContext,
): Promise<readonly Solution[]> {
  const request = { packages };
  const first = await solvePackages("apk", request, platforms, context);
  const behind = oldestOfDiffering(first);
  if (behind.size === 0) return first;
  const keep = new Map([...(context.keep ?? []), ...behind]);
  const second = await solvePackages("apk", request, platforms, { ...context, keep });
  const asked = new Set(packages.map((line) => /^[^<>=~@]+/u.exec(line)?.[0] ?? line));
  for (const [name, versions] of versionsOf(second)) {
    if (versions.size < 2 || !asked.has(name)) continue;
    throw new BuildError(
      "ARCHITECTURES_DISAGREE",
      `the architectures have no version of ${name} in common: ${[...versions].join(", ")}`,
      {
        advice: "Wait until the repository has built it for all of them, or ask for fewer.",
        fields: { name },
      },
    );
  }
  return second;
}

function versionsOf(solutions: readonly Solution[]): ReadonlyMap<string, ReadonlySet<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of solutions.flatMap(({ packages }) => packages)) {
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  return versions;
}

function oldestOfDiffering(solutions: readonly Solution[]): ReadonlyMap<string, string> {
  const differing = [...versionsOf(solutions)].filter(([, versions]) => versions.size > 1);
  return new Map(
    differing.map(([name, versions]) => [
      name,
      [...versions].reduce((oldest, version) => (compareApkVersions(version, oldest) < 0 ? version : oldest)),
    ]),
  );
}
