import type { SolvedPackage } from "./solution.ts";

/** A solved package with nothing but a name, for tests that look at some of its facts. */
export function solvedPackage(name: string, facts: Partial<SolvedPackage> = {}): SolvedPackage {
  return {
    name,
    version: "1.0",
    architecture: "amd64",
    origin: name,
    originVersion: "1.0",
    size: 0,
    installedSize: 0,
    reason: "asked for",
    repository: 0,
    path: `pool/${name}.deb`,
    checksum: `sha256:${"0".repeat(64)}`,
    license: "",
    description: "",
    homepage: "",
    ...facts,
  };
}
