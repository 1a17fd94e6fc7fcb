import { latin1OfPath } from "../../rootfs/node.ts";
import { placeOf } from "../package/layout.ts";
import { conffilesOf } from "../package/facts.ts";
import type { ControlField } from "../package/control-file.ts";
import type { InstalledPackage } from "./installed-package.ts";

/** The fields of dpkg's status file in the order in which dpkg writes them; others follow as they come. */
const ORDER = [
  "Package",
  "Essential",
  "Protected",
  "Status",
  "Priority",
  "Section",
  "Installed-Size",
  "Origin",
  "Maintainer",
  "Bugs",
  "Architecture",
  "Multi-Arch",
  "Source",
  "Version",
  "Replaces",
  "Provides",
  "Depends",
  "Pre-Depends",
  "Recommends",
  "Suggests",
  "Breaks",
  "Conflicts",
  "Enhances",
  "Conffiles",
  "Description",
];

const RELATIONS = new Set([
  "Replaces",
  "Provides",
  "Depends",
  "Pre-Depends",
  "Recommends",
  "Suggests",
  "Breaks",
  "Conflicts",
  "Enhances",
]);

/** A package's paragraph in /var/lib/dpkg/status, as Latin-1. */
export function formatStatus(installed: InstalledPackage): string {
  const known = new Map<string, ControlField>();
  const others: ControlField[] = [];
  for (const field of installed.fields) {
    const name = ORDER.find((one) => one.toLowerCase() === field.name.toLowerCase());
    if (name === undefined) others.push(field);
    else known.set(name, { name, value: RELATIONS.has(name) ? oneLine(field.value) : field.value });
  }
  known.set("Status", { name: "Status", value: "install ok installed" });
  const conffiles = formatConffiles(installed);
  if (conffiles !== "") known.set("Conffiles", { name: "Conffiles", value: conffiles });
  const ordered = ORDER.flatMap((name) => known.get(name) ?? []);
  return [...ordered, ...others].map(({ name, value }) => formatField(name, value)).join("");
}

function formatField(name: string, value: string): string {
  return value.startsWith("\n") ? `${name}:${value}\n` : `${name}: ${value}\n`;
}

/** Each on a line with the sum of what the package brought, by which a change is seen later. */
function formatConffiles({ facts }: InstalledPackage): string {
  const sums = new Map(facts.files.map(({ path, md5 }) => [path, md5]));
  const lines: string[] = [];
  for (const path of conffilesOf(new Map(Object.entries(facts.control)))) {
    const md5 = sums.get(placeOf(path));
    if (md5 !== undefined) lines.push(`\n /${latin1OfPath(path)} ${md5}`);
  }
  return lines.join("");
}

function oneLine(value: string): string {
  return value.trim().replace(/\s+/g, " ").replaceAll(" ,", ",");
}
