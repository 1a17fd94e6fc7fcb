import { basename, posix } from "node:path";
import { type Certificate, encodeJavaKeystore, parsePem } from "@cooper/archive";
import { fingerprint, subjectHash } from "../../rootfs/certificates.ts";
import { latin1OfPath, pathOfLatin1, textOf } from "../../rootfs/node.ts";
import type { RootTree } from "../../rootfs/tree.ts";
import { type System, writeFile, writeLink } from "../script/commands/system.ts";

const CONFIGURATION = "etc/ca-certificates.conf";
const SHIPPED = "usr/share/ca-certificates";
const LOCAL = "usr/local/share/ca-certificates";
const TRUSTED = "etc/ssl/certs";
const JAVA = "etc/ssl/certs/java";

/**
 * What the package ca-certificates does when it is installed: all authorities that it has are trusted,
 * and so are those under /usr/local/share/ca-certificates; in one file for all programs, and each by the
 * name under which OpenSSL looks for it (update-ca-certificates(8), openssl-rehash(1)).
 */
export function trustCertificates(system: System): void {
  const { tree, time } = system;
  const directory = { mode: 0o755, uid: 0, gid: 0, mtime: time };
  tree.makeDirectory(LOCAL, directory);
  tree.makeDirectory(TRUSTED, directory);
  if (tree.file(CONFIGURATION) === undefined) {
    const names = filesUnder(tree, SHIPPED).map((path) => latin1OfPath(path.slice(SHIPPED.length + 1)));
    const text = [
      "# Certificates under /usr/share/ca-certificates that are trusted, one a line.",
      ...names,
      "",
    ];
    writeFile(system, CONFIGURATION, Buffer.from(text.join("\n"), "latin1"));
  }
  const paths = [...configured(tree), ...filesUnder(tree, LOCAL)];
  let bundle = "";
  for (const path of paths) {
    const text = textAt(tree, path);
    if (text === undefined) continue;
    bundle += text.endsWith("\n") ? text : `${text}\n`;
    writeLink(system, `${TRUSTED}/${pemName(path)}`, `/${path}`);
  }
  writeFile(system, `${TRUSTED}/ca-certificates.crt`, Buffer.from(bundle, "latin1"));
  linkHashes(system, TRUSTED);
  if (tree.directory(JAVA) !== undefined) trustForJava(system, paths);
}

/** The store that ca-certificates-java fills, which is there where its directory is. */
function trustForJava(system: System, paths: readonly string[]): void {
  const entries = paths.flatMap((path) => {
    const [certificate] = parsePem(textAt(system.tree, path) ?? "");
    const alias = `debian:${pemName(path).toLowerCase()}`;
    return certificate === undefined ? [] : [{ alias, certificate }];
  });
  writeFile(system, `${JAVA}/cacerts`, encodeJavaKeystore(entries, system.time));
}

function pemName(path: string): string {
  const name = basename(path, ".crt").replaceAll(" ", "_").replace(/[()]/g, "=").replaceAll(",", "_");
  return `${name}.pem`;
}

/** Lines that begin with `!` name what is not trusted. */
function configured(tree: RootTree): readonly string[] {
  return (textAt(tree, CONFIGURATION) ?? "")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("!"))
    .map((line) => `${SHIPPED}/${pathOfLatin1(line)}`);
}

/** A link by its subject's hash and a number to each file with one certificate, in the order of their names. */
function linkHashes(system: System, directory: string): void {
  const { tree } = system;
  const taken = new Map<string, Set<string>>();
  const names = [...(tree.directory(directory)?.entries.keys() ?? [])].toSorted();
  for (const name of names) {
    if (!/\.(pem|crt|cer|crl)$/.test(name)) continue;
    const found = parsePem(textAt(tree, posix.join(directory, name)) ?? "");
    const [certificate] = found;
    if (certificate === undefined || found.length > 1) continue;
    linkHash(system, directory, name, certificate, taken);
  }
}

function linkHash(
  system: System,
  directory: string,
  name: string,
  certificate: Certificate,
  taken: Map<string, Set<string>>,
): void {
  const hash = subjectHash(certificate);
  if (hash === undefined) return;
  const same = taken.get(hash) ?? new Set();
  const print = fingerprint(certificate);
  if (same.has(print)) return;
  writeLink(system, `${directory}/${hash}.${same.size}`, name);
  same.add(print);
  taken.set(hash, same);
}

function textAt(tree: RootTree, path: string): string | undefined {
  const file = tree.file(path);
  return file === undefined ? undefined : textOf(file);
}

/** Files named `.crt` in a directory and below, sorted. */
function filesUnder(tree: RootTree, path: string): readonly string[] {
  const found: string[] = [];
  for (const name of tree.directory(path)?.entries.keys() ?? []) {
    const below = `${path}/${name}`;
    if (tree.directory(below) !== undefined) found.push(...filesUnder(tree, below));
    else if (name.endsWith(".crt") && tree.file(below) !== undefined) found.push(below);
  }
  return found.toSorted();
}
