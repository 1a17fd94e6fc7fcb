import {
  type ByteStream,
  collect,
  decompress,
  fromBytes,
  type Limits,
  readTar,
  type TarMember,
} from "@cooper/archive";
import { isFault } from "@cooper/sys";
import { DistroError } from "../../errors.ts";
import { isAdb } from "../adb.ts";
import { type IndexPackage, parsePackages } from "./index-package.ts";
import { checkSignature, type TrustedKeys } from "./signature.ts";

/** An index that was read and, unless asked otherwise, whose signature was checked. */
export interface ApkIndex {
  /** What the repository says of itself: `v3.16.3-11-gb8ebf5c3a9`. */
  readonly description: string;
  readonly packages: readonly IndexPackage[];
  /** When it was made, or the newest of its packages was built; seconds since 1970. */
  readonly date: number;
  /** The file name of the key that signed it; undefined where that was not asked for. */
  readonly signedBy: string | undefined;
}

export interface ReadIndexOptions {
  /** Public keys in PEM by their file name; or `"unchecked"`, for an index whose bytes are known otherwise. */
  readonly keys: TrustedKeys | "unchecked";
  /** Bytes that the file may have; default 64 MiB. */
  readonly maxBytes?: number;
  /** Bytes that its content may have; default 300 MiB. */
  readonly maxContentBytes?: number;
}

/**
 * An `APKINDEX.tar.gz`: its signature checked over the raw bytes that follow the signature's gzip
 * member, before any of them is decompressed; then its records.
 *
 * `INDEX_UNSIGNED`, `KEY_UNKNOWN`, `KEY_INVALID`, `SIGNATURE_INVALID`, `INDEX_TRUNCATED`,
 * `INDEX_TOO_LARGE`, `INDEX_INVALID`
 */
export async function readIndex(stream: ByteStream, options: ReadIndexOptions): Promise<ApkIndex> {
  const limits: Partial<Limits> = {
    maxBytes: options.maxContentBytes ?? 300 * 2 ** 20,
    ratioFloor: 2 ** 20,
    maxEntries: 100,
  };
  const bytes = await named(() => collect(stream, { limit: options.maxBytes ?? 64 * 2 ** 20 }));
  if (isAdb(bytes)) {
    throw new DistroError(
      "INDEX_INVALID",
      "the index is one of apk-tools 3, and only those of version 2 are read",
      {
        advice: "Give the repository's APKINDEX.tar.gz; `apk index` of apk-tools 2 makes one.",
      },
    );
  }
  if (options.keys === "unchecked") {
    return await named(async () => ({ ...(await readContent(bytes, limits)), signedBy: undefined }));
  }
  const signed = await checkSignature(bytes, options.keys, (rest) => isCutShort(rest, limits));
  return await named(async () => ({ ...(await readContent(signed.bytes, limits)), signedBy: signed.by }));
}

async function readContent(bytes: Buffer, limits: Partial<Limits>): Promise<Omit<ApkIndex, "signedBy">> {
  let description = "";
  let packages: readonly IndexPackage[] | undefined;
  let date = 0;
  const tar = decompress(fromBytes(bytes), { limits });
  for await (const member of readTar(tar, { limits, concatenated: "read" })) {
    if (member.path === "DESCRIPTION") description = (await textOf(member, limits)).trim();
    if (member.path !== "APKINDEX") continue;
    packages = parsePackages(await textOf(member, limits));
    date = packages.reduce((newest, { buildTime }) => Math.max(newest, buildTime ?? 0), member.mtime.seconds);
  }
  if (packages === undefined) {
    throw new DistroError("INDEX_INVALID", "the index has no file APKINDEX in it");
  }
  return { description, packages, date };
}

async function textOf(member: TarMember, limits: Partial<Limits>): Promise<string> {
  return (await collect(member.content(), { limit: limits.maxBytes ?? 0 })).toString("utf8");
}

/** Why a signature does not fit is worth knowing: looked at only then, and within the limits. */
async function isCutShort(bytes: Buffer, limits: Partial<Limits>): Promise<boolean> {
  try {
    for await (const chunk of decompress(fromBytes(bytes), { limits })) void chunk;
    return false;
  } catch (error) {
    return isFault(error, "TRUNCATED");
  }
}

/** The archive's faults are an index's faults here. */
async function named<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (isFault(cause, "TRUNCATED")) {
      throw new DistroError("INDEX_TRUNCATED", `the index is cut short: ${cause.message}`, {
        cause,
        kind: "passing",
        advice: "Fetch it again.",
      });
    }
    if (isFault(cause, "LIMIT_EXCEEDED")) {
      throw new DistroError("INDEX_TOO_LARGE", `the index is too large: ${cause.message}`, { cause });
    }
    if (isFault(cause, "COMPRESSION_INVALID", "TAR_INVALID", "TAR_UNSUPPORTED", "COMPRESSION_UNSUPPORTED")) {
      throw new DistroError("INDEX_INVALID", `the index is damaged: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
