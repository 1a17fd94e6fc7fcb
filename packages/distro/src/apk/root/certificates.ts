import { parsePem, type PathString } from "@cooper/archive";
import { subjectHash } from "../../rootfs/certificates.ts";
import type { Claim, Ownership } from "./ownership.ts";
import type { NewFile } from "./root-tree.ts";
import { findFile } from "./root-view.ts";

/** The file in which programs look for the authorities they trust. */
const BUNDLE = "etc/ssl/certs/ca-certificates.crt";
/** What `update-ca-certificates` puts together: those that the list names, then all of the administrator's. */
const LIST = "etc/ca-certificates.conf";
const STOCK = "usr/share/ca-certificates/";
const LOCAL = "usr/local/share/ca-certificates/";

const CERTIFICATES = "etc/ssl/certs";

/** The files whose content trust is made of: the packages' own bundle among them. */
export function certificateFiles(claims: Ownership): readonly Claim[] {
  const list = findFile(LIST, claims);
  const bundle = findFile(BUNDLE, claims);
  const found = [...claims.values()].filter(
    // Without ca-certificates the stock is nobody's to put together where there is a bundle.
    ({ file: { path } }) =>
      isCertificate(path) && (isLocal(path) || list !== undefined || bundle === undefined),
  );
  if (found.length === 0) return [];
  return [...found, ...[list, bundle].filter((claim) => claim !== undefined)];
}

/**
 * What the trigger of ca-certificates would write: the bundle of certificate authorities, and links by
 * which OpenSSL finds each of them by its subject. Where only a bundle and an administrator's certificates
 * are packages, those are added to it.
 */
export function trustFiles(claims: Ownership, contents: ReadonlyMap<PathString, Buffer>): readonly NewFile[] {
  const list = contents.get(LIST)?.toString("utf8");
  const listed = list === undefined ? undefined : listedIn(list);
  const trusted = certificateFiles(claims)
    .map(({ file: { path } }) => path)
    .filter(
      (path) => isCertificate(path) && (isLocal(path) || listed?.has(path.slice(STOCK.length)) !== false),
    )
    .toSorted((a, b) => Number(isLocal(a)) - Number(isLocal(b)) || (a < b ? -1 : 1));
  if (trusted.length === 0) return [];
  const shipped = list === undefined ? contents.get(findFile(BUNDLE, claims)?.file.path ?? "") : undefined;
  const parts = [shipped, ...trusted.map((path) => contents.get(path))]
    .map((part) => part?.toString("utf8").trim() ?? "")
    .filter((part) => part !== "");
  // With an empty line behind each, as Alpine's own program writes it.
  const bundle = { path: BUNDLE, bytes: Buffer.from(parts.map((part) => `${part}\n\n`).join("")) };
  return list === undefined ? [bundle] : [bundle, ...links(trusted, contents)];
}

/** `ca-cert-NAME.pem`, which leads to a certificate, and `HASH.0`, which leads to that. */
function links(paths: readonly PathString[], contents: ReadonlyMap<PathString, Buffer>): readonly NewFile[] {
  const counts = new Map<string, number>();
  return paths.flatMap((path) => {
    const name = path.slice(path.lastIndexOf("/") + 1, -".crt".length);
    const link = `ca-cert-${name.replaceAll(/[ ,]/gu, "_").replaceAll(/[()]/gu, "=")}.pem`;
    const named = { path: `${CERTIFICATES}/${link}`, target: `/${path}` };
    const [certificate] = parsePem(contents.get(path)?.toString("latin1") ?? "");
    const hash = certificate === undefined ? undefined : subjectHash(certificate);
    if (hash === undefined) return [named];
    const count = counts.get(hash) ?? 0;
    counts.set(hash, count + 1);
    return [named, { path: `${CERTIFICATES}/${hash}.${count}`, target: link }];
  });
}

function isLocal(path: PathString): boolean {
  return path.startsWith(LOCAL);
}

function isCertificate(path: PathString): boolean {
  return path.endsWith(".crt") && (path.startsWith(STOCK) || path.startsWith(LOCAL));
}

/** A line that starts with `!` is a certificate that is not to be trusted. */
function listedIn(list: string): ReadonlySet<string> {
  return new Set(
    list
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("!")),
  );
}
