import type { Context } from "../../ecosystem/context.ts";
import type { SolvedPackage } from "../../ecosystem/solution.ts";
import { type PackageControl, readControl } from "./control.ts";
import { examineData } from "./examine.ts";
import { changed, invalid, type PackageLabel } from "./fault.ts";
import { type PackageFile, packageFiles } from "./package-file.ts";
import { type PackageParts, readParts } from "./parts.ts";

/** A package in the cache, every byte of it checked. */
export interface CheckedPackage {
  readonly solved: SolvedPackage;
  readonly label: PackageLabel;
  /** Of its file, in the cache. */
  readonly path: string;
  readonly parts: PackageParts;
  readonly control: PackageControl;
  /** In the order of its data. */
  readonly files: readonly PackageFile[];
}

/** Raised when more is found out about a package, or found otherwise. */
const EXAMINATION = 2;

/**
 * Fetches a package into the cache, unless it is there. What came is checked along the whole chain: the
 * index's `Q1…` is the control part's SHA-1, the control part names the data's SHA-256, and the data
 * has a SHA-1 for each file. What does not fit leaves nothing behind.
 *
 * `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `FILE_TOO_LARGE`, `PACKAGE_INVALID`, `NOT_FOUND`, `OFFLINE`, `FETCH_FAILED`
 */
export async function fetchPackage(
  solved: SolvedPackage,
  address: string,
  context: Context,
): Promise<CheckedPackage> {
  const label = `${solved.name}-${solved.version}`;
  let examined: Omit<CheckedPackage, "path"> | undefined;
  const stored = await context.fetcher.checked(
    address,
    {
      key: `apk ${label} ${solved.checksum}`,
      size: solved.size,
      check: async (path) => {
        examined = await examine(path, solved, label, context);
      },
    },
    { label: `${solved.name} ${solved.version}`, signal: context.signal },
  );
  const key = `${EXAMINATION} ${stored.digest}`;
  if (examined === undefined) {
    const parts = await readParts(stored.path, label);
    const known = packageFiles.safeParse(await context.cache.record("apk-files", key)).data;
    examined =
      known === undefined
        ? await examine(stored.path, solved, label, context)
        : { solved, label, parts, control: await readControl(parts.control, label), files: known };
    if (known !== undefined) return { ...examined, path: stored.path };
  }
  await context.cache.storeRecord("apk-files", key, examined.files);
  return { ...examined, path: stored.path };
}

async function examine(
  path: string,
  solved: SolvedPackage,
  label: PackageLabel,
  context: Context,
): Promise<Omit<CheckedPackage, "path">> {
  const parts = await readParts(path, label);
  if (parts.checksum !== solved.checksum) {
    throw changed(label, `its control part is ${parts.checksum}, and the index names ${solved.checksum}`);
  }
  const control = await readControl(parts.control, label);
  const { name, version } = control.info;
  if (name !== solved.name || version !== solved.version) {
    throw invalid(label, `it is ${name}-${version} by its own account`);
  }
  const files = await examineData(path, parts, control.info, label, context);
  return { solved, label, parts, control, files };
}
