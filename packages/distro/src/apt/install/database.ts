import { formatAlternative } from "../script/commands/alternatives.ts";
import { type System, writeFile } from "../script/commands/system.ts";
import { placeOf } from "../package/layout.ts";
import { latin1OfPath } from "../../rootfs/node.ts";
import type { InstalledPackage } from "./installed-package.ts";
import { formatStatus } from "./status.ts";

const ADMIN = "var/lib/dpkg";
/** Control files that are run; dpkg keeps them to be so. */
const SCRIPTS = new Set(["preinst", "postinst", "prerm", "postrm", "config"]);

/**
 * Writes dpkg's database, as if dpkg had installed the packages: status, what is known of each package,
 * diversions, triggers, alternatives. `lost` tells which of a package's files another one owns.
 */
export function writeDatabase(
  system: System,
  packages: readonly InstalledPackage[],
  lost: (installed: InstalledPackage) => ReadonlySet<string>,
): void {
  const { tree, time } = system;
  const directory = { mode: 0o755, uid: 0, gid: 0, mtime: time };
  for (const name of ["alternatives", "info", "parts", "triggers", "updates"]) {
    tree.makeDirectory(`${ADMIN}/${name}`, directory);
  }
  const write = (path: string, text: string, mode = 0o644): void => {
    writeFile(system, `${ADMIN}/${path}`, Buffer.from(text, "latin1"), mode);
  };

  const sorted = packages.toSorted((a, b) => (a.solved.name < b.solved.name ? -1 : 1));
  write("status", sorted.map((installed) => `${formatStatus(installed)}\n`).join(""));
  write("available", "");
  write("arch", `${system.architecture}\n`);
  write(
    "diversions",
    system.diversions.map(({ from, to, package: by }) => `${from}\n${to}\n${by}\n`).join(""),
  );
  write("statoverride", system.overrides.map((line) => `${line}\n`).join(""));
  write("info/format", "1\n");
  for (const installed of packages) {
    const { qualifiedName, facts } = installed;
    write(`info/${qualifiedName}.list`, formatList(installed, lost(installed)));
    for (const [name, text] of Object.entries(facts.control)) {
      if (name === "control" || name === "list") continue;
      write(`info/${qualifiedName}.${name}`, text, SCRIPTS.has(name) ? 0o755 : 0o644);
    }
  }
  for (const [name, text] of triggers(packages)) write(`triggers/${name}`, text);
  for (const group of system.alternatives.values()) {
    write(`alternatives/${group.name}`, formatAlternative(group));
  }
}

/** `/.`, then each path as the package has it. */
function formatList({ facts }: InstalledPackage, lost: ReadonlySet<string>): string {
  return facts.listed
    .filter((path) => !lost.has(placeOf(path)))
    .map((path) => `/${path === "" ? "." : latin1OfPath(path)}\n`)
    .join("");
}

/** The packages that wait for a trigger: by path in one file, by name in a file each (deb-triggers(5)). */
function triggers(packages: readonly InstalledPackage[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>([
    ["File", ""],
    ["Unincorp", ""],
  ]);
  for (const { facts, qualifiedName } of packages) {
    for (const line of (facts.control["triggers"] ?? "").split("\n")) {
      const [, kind, name] = /^\s*interest(-await|-noawait)?\s+(\S+)/.exec(line) ?? [];
      if (name === undefined) continue;
      const waiting = kind === "-noawait" ? `${qualifiedName}/noawait` : qualifiedName;
      if (name.startsWith("/")) files.set("File", `${files.get("File") ?? ""}${name} ${waiting}\n`);
      else if (/^[a-z0-9][-a-z0-9+._]*$/i.test(name)) files.set(name, `${files.get(name) ?? ""}${waiting}\n`);
    }
  }
  return files;
}
