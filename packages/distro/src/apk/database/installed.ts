import { encodePath, type PathString } from "@cooper/archive";
import type { CheckedPackage } from "../package/fetch.ts";
import type { PackageFile } from "../package/package-file.ts";
import type { Ownership } from "../root/ownership.ts";

/**
 * The database of what is installed, `lib/apk/db/installed`: for each package the fields of an index's
 * record, what only the package itself says, then its directories (`F:`) with the files in each (`R:`).
 * `M:` and `a:` are an owner and a mode that are not the usual ones, `Z:` is a file's SHA-1. A file that
 * another package took over stands with that one alone.
 */
export function installedDatabase(packages: readonly CheckedPackage[], claims: Ownership): Buffer {
  return Buffer.concat(packages.map((package_) => recordOf(package_, claims)));
}

function recordOf(package_: CheckedPackage, claims: Ownership): Buffer {
  const { solved, control } = package_;
  const { info } = control;
  const tag = solved.details?.["tag"];
  const fields: readonly (readonly [string, string])[] = [
    ["C", solved.checksum],
    ["P", info.name],
    ["V", info.version],
    ["A", info.arch],
    ["S", String(solved.size)],
    ["I", String(info.size)],
    ["T", info.description],
    ["U", info.url],
    ["L", info.license],
    ["o", info.origin],
    ["m", info.maintainer],
    ["t", info.buildDate === 0 ? "" : String(info.buildDate)],
    ["c", info.commit],
    ["k", info.providerPriority === 0 ? "" : String(info.providerPriority)],
    ["D", info.depends.join(" ")],
    ["p", info.provides.join(" ")],
    ["i", info.installIf.join(" ")],
    ["r", info.replaces.join(" ")],
    ["q", info.replacesPriority === 0 ? "" : String(info.replacesPriority)],
    ["s", typeof tag === "string" ? tag : ""],
  ];
  const always = new Set(["C", "P", "V", "A", "S", "I", "T", "U", "L"]);
  const head = fields.filter(([letter, value]) => value !== "" || always.has(letter));
  const text = head.map(([letter, value]) => `${letter}:${value}\n`).join("");
  return Buffer.concat([Buffer.from(text), ...filesOf(package_, claims), Buffer.from("\n")]);
}

/** Directories in the order in which the package names them or a file in them, each with its files. */
function filesOf(package_: CheckedPackage, claims: Ownership): readonly Buffer[] {
  const directories = new Map<PathString, { entry: PackageFile | undefined; files: PackageFile[] }>();
  const at = (path: PathString): { entry: PackageFile | undefined; files: PackageFile[] } => {
    const known = directories.get(path) ?? { entry: undefined, files: [] };
    directories.set(path, known);
    return known;
  };
  for (const file of package_.files) {
    if (file.type === "directory") at(file.path).entry = file;
    else if (claims.get(file.path)?.owner === package_) at(parentOf(file.path)).files.push(file);
  }
  return [...directories].flatMap(([path, { entry, files }]) => [
    line("F", path),
    ...(entry === undefined ? [] : accessLine("M", entry, 0o755)),
    ...files.toSorted((a, b) => (a.path < b.path ? -1 : 1)).flatMap(fileLines),
  ]);
}

function fileLines(file: PackageFile): readonly Buffer[] {
  return [
    line("R", file.path.slice(file.path.lastIndexOf("/") + 1)),
    ...accessLine("a", file, 0o644),
    ...(file.sha1 === undefined ? [] : [line("Z", `Q1${file.sha1}`)]),
  ];
}

function accessLine(
  letter: "M" | "a",
  { uid, gid, mode, xattrs }: PackageFile,
  usual: number,
): readonly Buffer[] {
  if (uid === 0 && gid === 0 && mode === usual && xattrs === undefined) return [];
  const checksum = xattrs === undefined ? "" : `:Q1${xattrs}`;
  return [line(letter, `${uid}:${gid}:${mode.toString(8)}${checksum}`)];
}

function line(letter: string, value: PathString): Buffer {
  return Buffer.concat([Buffer.from(`${letter}:`), encodePath(value), Buffer.from("\n")]);
}

function parentOf(path: PathString): PathString {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Which directories' change would start which package's trigger: a line for each package that has one. */
export function triggersFile(packages: readonly CheckedPackage[]): Buffer {
  return Buffer.from(
    packages
      .filter(({ control }) => control.info.triggers.length > 0)
      .map(({ solved, control }) => `${solved.checksum} ${control.info.triggers.join(" ")}\n`)
      .join(""),
  );
}
