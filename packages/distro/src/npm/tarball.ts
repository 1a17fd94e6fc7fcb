import { decompress, type Limits, readFileStream, readTar, type TarMember } from "@cooper/archive";
import type { Cancellable } from "@cooper/archive";
import { CooperError } from "@cooper/sys";
import { DistroError } from "../errors.ts";

/** A tarball of npm in the cache, and what it is called in errors. */
export interface Tarball {
  readonly path: string;
  readonly label: string;
}

/** A file or directory of a package, by its path in the package: `lib/cow.js`. */
export interface TarballMember {
  readonly path: string;
  readonly member: TarMember;
  /** Which of the archive's members it is, from 0. */
  readonly index: number;
}

/** More than any real package has (the largest ones are about 1 GB and 60,000 files). */
const LIMITS: Partial<Limits> = {
  maxBytes: 8 * 2 ** 30,
  maxEntries: 500_000,
  maxRatio: 200,
  ratioFloor: 256 * 2 ** 20,
};

/**
 * The files and directories of a tarball: the first directory of each path goes, whatever it is
 * called, as by npm. Links, devices and the like are given too; nobody may make them.
 * `PACKAGE_INVALID`: damaged, too large, or with a path that leaves the package.
 */
export async function* readTarball(
  tarball: Tarball,
  { signal }: Cancellable,
): AsyncGenerator<TarballMember, void, undefined> {
  const stream = decompress(readFileStream(tarball.path, { signal }), { limits: LIMITS, signal });
  let index = 0;
  try {
    for await (const member of readTar(stream, { limits: LIMITS, signal })) {
      const path = inside(member.path, tarball);
      if (path !== "") yield { path, member, index };
      index++;
    }
  } catch (cause) {
    if (!(cause instanceof CooperError) || cause instanceof DistroError || !DAMAGED.has(cause.code))
      throw cause;
    throw new DistroError("PACKAGE_INVALID", `the tarball of ${tarball.label} is damaged: ${cause.message}`, {
      cause,
      fields: { package: tarball.label },
    });
  }
}

const DAMAGED: ReadonlySet<string> = new Set([
  "COMPRESSION_INVALID",
  "COMPRESSION_UNSUPPORTED",
  "LIMIT_EXCEEDED",
  "TAR_INVALID",
  "TAR_UNSUPPORTED",
  "TRUNCATED",
]);

/** Without its first directory, which for npm may also be `.`; empty for that directory itself. */
function inside(path: string, { label }: Tarball): string {
  const parts = path.split("/");
  if (path.startsWith("/") || parts.includes("..") || path.includes("\0")) {
    throw new DistroError("PACKAGE_INVALID", `${label} has a file that leaves it: ${JSON.stringify(path)}`, {
      advice: "No honest package has one: tell the registry.",
      fields: { package: label, path },
    });
  }
  return parts
    .slice(1)
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}
