import type { PathString } from "@cooper/archive";
import { DistroError } from "../../errors.ts";
import { isFulfilled } from "../dependency.ts";
import type { CheckedPackage } from "../package/fetch.ts";
import { isSameFile, type PackageFile } from "../package/package-file.ts";

/** Whose a path is, and what it is. */
export interface Claim {
  readonly owner: CheckedPackage;
  readonly file: PackageFile;
  /** Whether a package has something else under that path, so that layers alone do not decide it. */
  readonly isDisputed: boolean;
}

/** Every path of the packages together, with the one whose it is. */
export type Ownership = ReadonlyMap<PathString, Claim>;

/**
 * Settles whose each path is, as apk does when it installs the packages in their order. A file that two
 * have goes to the later one if it replaces the other or comes from the same source, stays where it is
 * if the earlier one replaces the later with a higher priority, and is a conflict otherwise; unless both
 * have the very same. A directory's owner and mode are those of one package too, whatever the order.
 *
 * `PACKAGE_CONFLICT`
 */
export function settleOwnership(packages: readonly CheckedPackage[]): Ownership {
  const claims = new Map<PathString, Claim>();
  for (const owner of packages) {
    for (const file of owner.files) {
      const claim = { owner, file, isDisputed: file.isRenumbered === true };
      const before = claims.get(file.path);
      claims.set(file.path, before === undefined ? claim : settle(before, claim));
    }
  }
  for (const [path, claim] of claims) checkParents(path, claim, claims);
  return claims;
}

function settle(before: Claim, later: Claim): Claim {
  const isDirectory = before.file.type === "directory";
  if (isDirectory !== (later.file.type === "directory")) throw conflict(before, later);
  const isDisputed = before.isDisputed || later.isDisputed || !isSameFile(before.file, later.file);
  const winner = isDirectory
    ? replacesDirectory(before.owner, later.owner)
      ? later
      : before
    : chooseFile(before, later);
  return { ...winner, isDisputed };
}

function chooseFile(before: Claim, later: Claim): Claim {
  const a = before.owner;
  const b = later.owner;
  if (a.solved.name === b.solved.name || a.control.info.origin === b.control.info.origin) {
    if (a.control.info.origin !== "") return later;
  }
  const priority = replaces(a, b) ? a.control.info.replacesPriority : -1;
  const counter = replaces(b, a) ? b.control.info.replacesPriority : -1;
  if (priority > counter) return before;
  if (counter >= 0) return later;
  if (isSameFile(before.file, later.file)) return before;
  throw conflict(before, later);
}

/** apk 3's rule, under which the order does not matter. */
function replacesDirectory(a: CheckedPackage, b: CheckedPackage): boolean {
  const ours = a.control.info;
  const theirs = b.control.info;
  if (ours.replacesPriority !== theirs.replacesPriority) {
    return theirs.replacesPriority > ours.replacesPriority;
  }
  if (ours.origin !== "" && ours.origin === theirs.origin) {
    if (ours.origin === ours.name) return false;
    if (theirs.origin === theirs.name) return true;
  }
  return Buffer.compare(Buffer.from(ours.name), Buffer.from(theirs.name)) > 0;
}

function replaces(one: CheckedPackage, other: CheckedPackage): boolean {
  const { name, version, checksum } = other.solved;
  return one.control.info.replaced.some(
    (dependency) => dependency.name === name && isFulfilled(dependency, { version, checksum }),
  );
}

/** A path beneath another package's link or file: the layers would hide one or the other. */
function checkParents(path: PathString, claim: Claim, claims: Ownership): void {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return;
  const parent = claims.get(path.slice(0, slash));
  if (parent !== undefined && parent.file.type !== "directory") throw conflict(parent, claim);
}

function conflict(before: Claim, later: Claim): DistroError {
  const a = before.owner.label;
  const b = later.owner.label;
  const { path } = before.file;
  const differ = before.file.type !== later.file.type;
  const what = differ
    ? `${a} has ${path} as a ${before.file.type}, and ${b} has ${later.file.path} as a ${later.file.type}`
    : `${a} and ${b} both have ${path}, and neither replaces the other`;
  return new DistroError("PACKAGE_CONFLICT", what, {
    advice: "Leave one of them out.",
    fields: { path, packages: `${a} ${b}` },
  });
}
