import type { PathString } from "@cooper/archive";
import type { Claim, Ownership } from "./ownership.ts";
import { findFile } from "./root-view.ts";

/** The file in which programs look for the authorities they trust. */
export const BUNDLE = "etc/ssl/certs/ca-certificates.crt";
/** What `update-ca-certificates` puts together: those that the list names, then all of the administrator's. */
const LIST = "etc/ca-certificates.conf";
const STOCK = "usr/share/ca-certificates/";
const LOCAL = "usr/local/share/ca-certificates/";

/** The files that a bundle would be made of; none where the packages' own bundle is all there is. */
export function certificateFiles(claims: Ownership): readonly Claim[] {
  const bundle = findFile(BUNDLE, claims);
  const found = [...claims.values()].filter(({ file }) => isCertificate(file.path));
  const local = found.filter(({ file }) => file.path.startsWith(LOCAL));
  if (bundle !== undefined && local.length === 0) return [];
  const list = findFile(LIST, claims);
  const sources = bundle === undefined ? found : [bundle, ...local];
  return list === undefined || sources.length === 0 ? sources : [...sources, list];
}

/**
 * The bundle of certificate authorities, as the trigger of ca-certificates would write it; undefined
 * where the packages have one and there is nothing to add to it, or where there are no certificates.
 */
export function certificateBundle(
  claims: Ownership,
  contents: ReadonlyMap<PathString, Buffer>,
): Buffer | undefined {
  const files = certificateFiles(claims);
  if (files.length === 0) return undefined;
  const shipped = contents.get(findFile(BUNDLE, claims)?.file.path ?? "");
  const list = contents.get(LIST)?.toString("utf8");
  const isListed = (path: PathString): boolean =>
    path.startsWith(LOCAL) || list === undefined || listed(list).has(path.slice(STOCK.length));
  const paths = files.map(({ file }) => file.path).filter((path) => isCertificate(path) && isListed(path));
  const certificates = paths.toSorted().map((path) => contents.get(path)?.toString("utf8").trim() ?? "");
  const parts = [shipped?.toString("utf8").trim() ?? "", ...certificates].filter((part) => part !== "");
  return parts.length === 0 ? undefined : Buffer.from(`${parts.join("\n")}\n`);
}

function isCertificate(path: PathString): boolean {
  return path.endsWith(".crt") && (path.startsWith(STOCK) || path.startsWith(LOCAL));
}

/** A line that starts with `!` is a certificate that is not to be trusted. */
function listed(list: string): ReadonlySet<string> {
  return new Set(
    list
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("!")),
  );
}
