import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { RAW_TRAILER, type RawHeader, rawMember, rawPax } from "./raw-tar.ts";

/** Writes apk v2 packages and signed indexes, byte by byte: shares no code with what reads them. */

export interface ApkFile extends RawHeader {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly xattrs?: Readonly<Record<string, string>>;
  /** Instead of the right SHA-1, hexadecimal; empty for none. */
  readonly sha1?: string;
}

export interface ApkContent {
  readonly name: string;
  readonly version?: string;
  readonly arch?: string;
  /** `key = value` lines of .PKGINFO besides those that every package has. */
  readonly info?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly files?: readonly ApkFile[];
  /** The data part as it is to stand there, in place of the files. */
  readonly data?: Buffer;
  /** Lines of the index's record besides those that every package has. */
  readonly record?: readonly string[];
  /** What is written in place of the right one. */
  readonly dataHash?: string;
  readonly installedSize?: number;
  readonly buildDate?: number;
  /** Changes the data part, after its hash was taken. */
  readonly tamper?: (data: Buffer) => Buffer;
}

export interface MadeApk {
  readonly bytes: Buffer;
  readonly checksum: string;
  readonly file: string;
  readonly record: string;
}

export interface ApkSigner {
  readonly name: string;
  readonly publicKey: string;
  readonly privateKey: string;
}

export function makeApkSigner(name = "test.rsa.pub"): ApkSigner {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { name, ...pair };
}

export function makeApk(made: ApkContent, signer?: ApkSigner): MadeApk {
  const { name, version = "1.0-r0", arch = "x86_64", files = [], buildDate = 1_600_000_000 } = made;
  const tar = Buffer.concat([...files.map(dataMember), RAW_TRAILER]);
  const rightData = made.data ?? gzipSync(tar);
  const size = made.installedSize ?? Math.max(1, tar.length);
  const info = [
    "# made by a test",
    `pkgname = ${name}`,
    `pkgver = ${version}`,
    `arch = ${arch}`,
    `size = ${size}`,
    `origin = ${name}`,
    "pkgdesc = a package of a test",
    "url = ",
    "license = MIT",
    `builddate = ${buildDate}`,
    ...(made.info ?? []),
    `datahash = ${made.dataHash ?? createHash("sha256").update(rightData).digest("hex")}`,
  ];
  const control = gzipSync(
    Buffer.concat([
      rawMember({ name: ".PKGINFO" }, `${info.join("\n")}\n`),
      ...Object.entries(made.scripts ?? {}).map(([kind, script]) =>
        rawMember({ name: `.${kind}`, mode: 0o755 }, script),
      ),
    ]),
  );
  const signature =
    signer === undefined
      ? Buffer.alloc(0)
      : gzipSync(
          rawMember({ name: `.SIGN.RSA256.${signer.name}` }, sign("sha256", control, signer.privateKey)),
        );
  const data = made.tamper?.(rightData) ?? rightData;
  const bytes = Buffer.concat([signature, control, data]);
  const checksum = `Q1${createHash("sha1").update(control).digest("base64")}`;
  const record = [
    `C:${checksum}`,
    `P:${name}`,
    `V:${version}`,
    `A:${arch}`,
    `S:${bytes.length}`,
    `I:${size}`,
    "T:a package of a test",
    "U:",
    "L:MIT",
    `o:${name}`,
    `t:${buildDate}`,
    ...(made.record ?? []),
  ];
  return { bytes, checksum, file: `${name}-${version}.apk`, record: `${record.join("\n")}\n\n` };
}

export interface ApkRepositoryOptions {
  readonly signer: ApkSigner;
  readonly arch?: string;
  /** Of the index; seconds since 1970. */
  readonly date?: number;
}

/** Writes `ARCH/APKINDEX.tar.gz` and the packages beside it, and the key as `NAME`. */
export function writeApkRepository(
  directory: string,
  packages: readonly MadeApk[],
  { signer, arch = "x86_64", date = 1_700_000_000 }: ApkRepositoryOptions,
): void {
  const place = join(directory, arch);
  mkdirSync(place, { recursive: true });
  for (const { file, bytes } of packages) writeFileSync(join(place, file), bytes);
  writeFileSync(
    join(place, "APKINDEX.tar.gz"),
    makeApkIndex(packages.map(({ record }) => record).join(""), signer, date),
  );
  writeFileSync(join(directory, signer.name), signer.publicKey);
}

export function makeApkIndex(records: string, signer: ApkSigner, date: number): Buffer {
  const index = gzipSync(
    Buffer.concat([
      rawMember({ name: "DESCRIPTION", mtime: date }, "a test's"),
      rawMember({ name: "APKINDEX", mtime: date }, records),
      RAW_TRAILER,
    ]),
  );
  const signature = sign("sha256", index, signer.privateKey);
  return Buffer.concat([gzipSync(rawMember({ name: `.SIGN.RSA256.${signer.name}` }, signature)), index]);
}

function dataMember(file: ApkFile): Buffer {
  const { path, content = "", xattrs = {}, sha1, ...header } = file;
  const { type = "0", link = "" } = header;
  const hashed = type === "2" ? link : content;
  const right = type === "0" || type === "2" ? createHash("sha1").update(hashed).digest("hex") : "";
  const records: Record<string, string> = {};
  if ((sha1 ?? right) !== "") records["APK-TOOLS.checksum.SHA1"] = sha1 ?? right;
  for (const [name, value] of Object.entries(xattrs)) records[`SCHILY.xattr.${name}`] = value;
  const mode = type === "5" ? 0o755 : type === "2" ? 0o777 : 0o644;
  return Buffer.concat([
    ...(Object.keys(records).length === 0 ? [] : [rawPax(records)]),
    rawMember({ name: path, mode, mtime: 1_500_000_000, ...header }, content),
  ]);
}

/** A directory of a package. */
export function apkDirectory(path: string, header: RawHeader = {}): ApkFile {
  return { path, type: "5", ...header };
}
