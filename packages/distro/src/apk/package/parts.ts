import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { fileFault } from "@cooper/archive";
import { isAdb } from "../adb.ts";
import { firstGzipMember } from "../gzip-member.ts";
import { invalid, type PackageLabel } from "./fault.ts";

/**
 * A package's file (apk v2) is two or three gzip members: perhaps signatures, then the control part,
 * then the data, which is a tar of the files. Only the control part is ever in memory.
 */
export interface PackageParts {
  /** The control part's tar. */
  readonly control: Buffer;
  /** `Q1` and the base64 of the SHA-1 of the control part as it stands in the file: what an index names. */
  readonly checksum: string;
  /** Where the data starts; the file's size where it has none. */
  readonly dataOffset: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** Bytes that the control part may have, and the signatures before it. */
const CONTROL_LIMIT = 16 * 2 ** 20;
const SIGNATURE_LIMIT = 256 * 2 ** 10;
/** How much of the file is read to find the control part: more only where less did not do. */
const HEADS = [64 * 2 ** 10, 2 ** 20, CONTROL_LIMIT + SIGNATURE_LIMIT];
const MAX_SIGNATURES = 8;

/** Finds the parts of a package's file. `PACKAGE_INVALID` */
export async function readParts(path: string, label: PackageLabel): Promise<PackageParts> {
  const file = await open(path).catch((error: unknown) => {
    throw fileFault("read", path, error);
  });
  try {
    const { size } = await file.stat();
    for (const length of HEADS) {
      // oxlint-disable-next-line no-await-in-loop -- mostly the first is enough
      const head = await readHead(file, Math.min(length, size));
      if (isAdb(head))
        throw invalid(label, "it is a package of apk-tools 3, and only those of version 2 are read");
      const found = findControl(head, label);
      if (found !== undefined) return { ...found, size };
      if (head.length === size) throw invalid(label, "it is cut short before its data");
    }
    throw invalid(label, `its control part has more than ${CONTROL_LIMIT} bytes`);
  } finally {
    await file.close();
  }
}

async function readHead(file: FileHandle, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, 0);
  return buffer.subarray(0, bytesRead);
}

/** Undefined where the head ends before the control part does. */
function findControl(head: Buffer, label: PackageLabel): Omit<PackageParts, "size"> | undefined {
  let start = 0;
  for (let signatures = 0; signatures <= MAX_SIGNATURES; signatures++) {
    const member = firstGzipMember(head.subarray(start), CONTROL_LIMIT);
    if (member === "cut-short") return undefined;
    if (member === "damaged") throw invalid(label, "it is no apk package, or its first parts are damaged");
    if (member === "too-large") {
      throw invalid(label, `its control part gives more than ${CONTROL_LIMIT} bytes`);
    }
    const end = start + member.end;
    // A tar's first bytes are the name of its first file.
    if (member.content.subarray(0, 6).toString("latin1") !== ".SIGN.") {
      const hash = createHash("sha1").update(head.subarray(start, end)).digest("base64");
      return { control: member.content, checksum: `Q1${hash}`, dataOffset: end };
    }
    start = end;
  }
  throw invalid(label, `it has more than ${MAX_SIGNATURES} signatures`);
}
