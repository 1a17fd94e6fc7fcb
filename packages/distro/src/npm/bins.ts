import { posix } from "node:path";
import { DistroError } from "../errors.ts";

/** Commands of a package by name, each with its file in the package: `{ cowsay: "cli.js" }`. */
export type Bins = Readonly<Record<string, string>>;

export interface BinFields {
  readonly name: string;
  readonly bin?: string | Readonly<Record<string, string>> | undefined;
  readonly directories?: { readonly bin?: string | undefined } | undefined;
}

/**
 * The commands that a package.json names (`bin`, else `directories.bin`), as far as their files are
 * there. `PACKAGE_INVALID`: a name that is a path, or a file outside of the package.
 */
export function binsOf(manifest: BinFields, files: ReadonlySet<string>, label: string): Bins {
  const { bin, directories } = manifest;
  const said =
    typeof bin === "string" ? { [manifest.name]: bin } : (bin ?? inDirectory(directories?.bin, files, label));
  const bins = Object.entries(said).map(
    ([name, file]) => [checkedName(name, label), checkedFile(file, label)] as const,
  );
  return Object.fromEntries(
    bins.filter(([, file]) => files.has(file)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The one that is meant where only the package is named: the only one, or the one of its name. */
export function mainBin(bins: Bins, packageName: string): string | undefined {
  const names = Object.keys(bins);
  const own = withoutScope(packageName);
  return names.length === 1 ? names[0] : names.find((name) => name === own);
}

function inDirectory(directory: string | undefined, files: ReadonlySet<string>, label: string): Bins {
  if (directory === undefined) return {};
  const prefix = `${checkedFile(directory, label)}/`;
  const inside = [...files].filter(
    (file) => file.startsWith(prefix) && !file.slice(prefix.length).includes("/"),
  );
  return Object.fromEntries(inside.map((file) => [posix.basename(file), file]));
}

/** A scope before the name is not part of the command, as for npm. */
function checkedName(name: string, label: string): string {
  const plain = withoutScope(name);
  if (/^[\w.+~-]+$/.test(plain) && plain !== "." && plain !== "..") return plain;
  throw new DistroError("PACKAGE_INVALID", `${label} has a command that is called ${JSON.stringify(name)}`, {
    fields: { package: label, bin: name },
  });
}

function checkedFile(file: string, label: string): string {
  const path = posix.normalize(file).replace(/\/$/, "");
  if (!path.startsWith("/") && path !== ".." && !path.startsWith("../") && !path.includes("\0")) return path;
  throw new DistroError("PACKAGE_INVALID", `${label} has a command outside of it: ${JSON.stringify(file)}`, {
    advice: "No honest package has one: tell the registry.",
    fields: { package: label, bin: file },
  });
}

function withoutScope(name: string): string {
  return name.startsWith("@") ? name.slice(name.indexOf("/") + 1) : name;
}
