import type { PathString, TarMember } from "@cooper/archive";
import { invalid, type PackageLabel } from "./fault.ts";

/**
 * A member's path as it counts: without `./` before it; empty for the root itself. What may lead out
 * of the root, or cannot stand in the database, is refused. `PACKAGE_INVALID`
 */
export function cleanPath(path: PathString, label: PackageLabel): PathString {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/")) throw invalid(label, `the path ${JSON.stringify(path)} starts at the root`);
  if (parts.includes("..")) throw invalid(label, `the path ${JSON.stringify(path)} leads out of the root`);
  // oxlint-disable-next-line no-control-regex -- a line of the database would end in the middle of a name
  if (/[\0\n\r]/u.test(path)) throw invalid(label, `the path ${JSON.stringify(path)} has a line's end in it`);
  if (parts.some((part) => part.startsWith(".wh."))) {
    throw invalid(
      label,
      `the path ${JSON.stringify(path)} would remove another package's file from an image`,
    );
  }
  return parts.join("/");
}

/** SHA-1 in hexadecimal, as the package's own record of a member has it; undefined where there is none. */
export function recordedChecksum(member: TarMember): string | undefined {
  const record = member.records.get("APK-TOOLS.checksum.SHA1");
  return record === undefined ? undefined : Buffer.from(record).toString("latin1").trim().toLowerCase();
}
