import { collect, fromBytes, readTar } from "@cooper/archive";
import { invalid, named, type PackageLabel } from "./fault.ts";
import { type PackageInfo, parsePackageInfo } from "./package-info.ts";

/** A script that apk would run. Cooper keeps it in the database and runs none. */
export interface PackageScript {
  readonly kind: ScriptKind;
  readonly bytes: Uint8Array;
}

const SCRIPTS = [
  "pre-install",
  "post-install",
  "pre-deinstall",
  "post-deinstall",
  "pre-upgrade",
  "post-upgrade",
  "trigger",
] as const;
export type ScriptKind = (typeof SCRIPTS)[number];

export interface PackageControl {
  readonly info: PackageInfo;
  readonly scripts: readonly PackageScript[];
}

const LIMIT = 16 * 2 ** 20;

/** Reads the tar of a control part. `PACKAGE_INVALID` */
export async function readControl(control: Buffer, label: PackageLabel): Promise<PackageControl> {
  let info: PackageInfo | undefined;
  const scripts: PackageScript[] = [];
  try {
    for await (const member of readTar(fromBytes(control), {
      limits: { maxBytes: LIMIT, maxEntries: 1000 },
    })) {
      const name = member.path.replace(/^\.\//u, "");
      const kind = SCRIPTS.find((script) => name === `.${script}`);
      if (member.type !== "file" || (kind === undefined && name !== ".PKGINFO")) continue;
      const bytes = await collect(member.content(), { limit: LIMIT });
      if (kind === undefined) info = parsePackageInfo(bytes.toString("utf8"), label);
      else scripts.push({ kind, bytes });
    }
  } catch (cause) {
    throw named(label, cause);
  }
  if (info === undefined) throw invalid(label, "its control part has no .PKGINFO");
  return { info, scripts };
}
