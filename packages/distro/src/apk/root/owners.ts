import type { PathString } from "@cooper/archive";
import type { Context } from "../../ecosystem/context.ts";
import type { CheckedPackage } from "../package/fetch.ts";
import type { PackageFile } from "../package/package-file.ts";
import { type AccountFiles, scriptAccounts } from "./accounts.ts";
import { readContents } from "./contents.ts";
import type { Ownership } from "./ownership.ts";
import { findFile } from "./root-view.ts";
import type { NewFile } from "./root-tree.ts";

/** Users and groups as the packages ship them, and with those that their scripts would make. */
export interface MadeAccounts {
  readonly before: AccountFiles;
  readonly after: AccountFiles;
}

const PASSWD = "etc/passwd";
const GROUP = "etc/group";
const SHADOW = "etc/shadow";

/** What these packages' scripts do is done here, or is of no use in an image. */
const COVERED = new Set(["alpine-baselayout", "busybox", "ca-certificates"]);

/** Makes the accounts of the packages' scripts, and warns of the scripts that would do more. */
export async function makeAccounts(
  packages: readonly CheckedPackage[],
  claims: Ownership,
  context: Context,
): Promise<MadeAccounts> {
  const shipped = [PASSWD, GROUP, SHADOW].map((path) => findFile(path, claims));
  const contents = await readContents(
    shipped.filter((claim) => claim !== undefined),
    context,
  );
  const [passwd = "", group = "", shadow = ""] = shipped.map(
    (claim) => contents.get(claim?.file.path ?? "")?.toString("utf8") ?? "",
  );
  const before = { passwd, group, shadow };
  const { files, others } = scriptAccounts(packages, before);
  for (const one of packages) warnOfScripts(one, others.includes(one), context);
  return { before, after: files };
}

function warnOfScripts(
  { solved, label, control }: CheckedPackage,
  isOpen: boolean,
  { onEvent }: Context,
): void {
  if (COVERED.has(solved.name)) return;
  const kinds = control.scripts.map(({ kind }) => kind);
  const unrun = kinds.filter(
    (kind) => kind === "trigger" || (isOpen && /^(?:pre|post)-install$/u.test(kind)),
  );
  if (unrun.length === 0) return;
  const message = `scripts are not run, and what its ${unrun.join(" and ")} would do is not done here`;
  onEvent({ type: "warning", subject: label, message });
}

/** The account files that are not as a package has them. */
export function changedAccounts({ before, after }: MadeAccounts): readonly NewFile[] {
  const files: readonly (readonly [PathString, string, string, number])[] = [
    [PASSWD, before.passwd, after.passwd, 0o644],
    [GROUP, before.group, after.group, 0o644],
    [SHADOW, before.shadow, after.shadow, 0o640],
  ];
  return files
    .filter(([, old, now]) => old !== now)
    .map(([path, , now, mode]) => ({ path, bytes: Buffer.from(now), mode }));
}

/**
 * The packages with the owners that their names have in this image. A package holds both a name and a
 * number, and the number is that of the machine which built it: as apk does, the name counts where
 * the image knows it.
 */
export function withNamedOwners(
  packages: readonly CheckedPackage[],
  { passwd, group }: AccountFiles,
): readonly CheckedPackage[] {
  const users = idsOf(passwd);
  const groups = idsOf(group);
  return packages.map((package_) => ({
    ...package_,
    files: package_.files.map((file) => renumbered(file, users, groups)),
  }));
}

function renumbered(
  file: PackageFile,
  users: ReadonlyMap<string, number>,
  groups: ReadonlyMap<string, number>,
): PackageFile {
  const uid = users.get(file.user ?? "") ?? file.uid;
  const gid = groups.get(file.group ?? "") ?? file.gid;
  return uid === file.uid && gid === file.gid ? file : { ...file, uid, gid, isRenumbered: true };
}

function idsOf(table: string): ReadonlyMap<string, number> {
  const rows = table.split("\n").map((line) => line.split(":"));
  return new Map(
    rows.flatMap(([name = "", , id = ""]) =>
      name !== "" && /^\d{1,9}$/u.test(id) ? [[name, Number(id)]] : [],
    ),
  );
}
