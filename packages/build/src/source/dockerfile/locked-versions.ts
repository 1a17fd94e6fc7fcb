import type { Locks } from "../lock/locks.ts";

/** The version of each package by name that a lock has for a reference; of Node its own. Only what all platforms agree on. */
export function lockedVersions(reference: string, locks: Locks = {}): ReadonlyMap<string, string> {
  const lock = locks[reference];
  if (lock === undefined || "digest" in lock) return new Map();
  const versions = new Map<string, Set<string>>();
  for (const { base, packages } of lock.solutions) {
    for (const { name, version } of [...(base?.packages ?? []), ...packages]) {
      const key = RUNTIME.test(name) ? "node" : name;
      versions.set(key, (versions.get(key) ?? new Set()).add(version));
    }
  }
  return new Map(
    [...versions].flatMap(([name, [only, other]]) =>
      only === undefined || other !== undefined ? [] : [[name, only]],
    ),
  );
}

/** npm's packages that hold nothing but Node. */
const RUNTIME = /^node-[a-z]+-[a-z0-9]+$/;

/** A package as a reference asks for it (`curl`, `@scope/tool=1`), with the version that was locked. */
export function withVersion(asked: string, versions: ReadonlyMap<string, string>): string {
  const [name = asked] = /^@?[^=@]+/.exec(asked) ?? [];
  const version = versions.get(name);
  return version === undefined || asked.slice(name.length).startsWith("@") ? asked : `${name}=${version}`;
}
