import type { SolvedPackage } from "../../ecosystem/solution.ts";
import { parseDependencies } from "../control/dependency.ts";
import { type ControlField, fieldOf, parseControlFile } from "../package/control-file.ts";
import type { PackageFacts } from "../package/facts.ts";
import { packageInvalid } from "../package/fault.ts";
import { versionMatches } from "../version/version.ts";

/** A package of the image with all that its own file says of it. */
export interface InstalledPackage {
  readonly solved: SolvedPackage;
  /** How it is called in errors: `curl 7.88.1-10`. */
  readonly label: string;
  readonly facts: PackageFacts;
  /** Of its control file. */
  readonly fields: readonly ControlField[];
  /** How dpkg names its files: `libc6:amd64` where the package may be there for several architectures. */
  readonly qualifiedName: string;
}

/** `PACKAGE_INVALID` where the package's file is of another package than the one that was solved. */
export function installedPackage(solved: SolvedPackage, facts: PackageFacts): InstalledPackage {
  const label = `${solved.name} ${solved.version}`;
  const fields = parseControlFile(facts.control["control"] ?? "", label);
  for (const [name, expected] of [
    ["Package", solved.name],
    ["Version", solved.version],
    ["Architecture", solved.architecture],
  ] as const) {
    const found = fieldOf(fields, name);
    if (found !== expected) {
      throw packageInvalid(label, `says ${name}: ${found} of itself, and not ${expected}`, "control");
    }
  }
  const isSame = fieldOf(fields, "Multi-Arch") === "same";
  const qualifiedName = isSame ? `${solved.name}:${solved.architecture}` : solved.name;
  return { solved, label, facts, fields, qualifiedName };
}

/** Whether one may take over files of the other (deb-control(5), Replaces). */
export function replaces(one: InstalledPackage, other: InstalledPackage): boolean {
  return parseDependencies(fieldOf(one.fields, "Replaces"))
    .flat()
    .some(({ name, relation, version }) => {
      if (name !== other.solved.name) return false;
      if (relation === undefined || version === undefined) return true;
      return versionMatches(other.solved.version, relation, version);
    });
}
