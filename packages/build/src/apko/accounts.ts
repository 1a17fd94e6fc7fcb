import type { ApkRoot } from "@cooper/distro";
import type { ApkoAccounts } from "./schema.ts";

const PASSWD = "etc/passwd";
const GROUP = "etc/group";
const SHADOW = "etc/shadow";

/** Users and groups, and the users' homes, on top of those of the packages. */
export async function addAccounts(root: ApkRoot, { users = [], groups = [] }: ApkoAccounts): Promise<void> {
  await addRows(
    root,
    GROUP,
    groups.map(({ groupname, gid, members = [] }) => [groupname, "x", String(gid), members.join(",")]),
  );
  await addRows(
    root,
    PASSWD,
    users.map(({ username, uid, gid = uid, shell = "/bin/sh", homedir }) => [
      username,
      "x",
      String(uid),
      String(gid),
      "Linux User,,,",
      homedir ?? `/home/${username}`,
      shell,
    ]),
  );
  if ((await root.read(SHADOW)) !== undefined) {
    await addRows(
      root,
      SHADOW,
      users.map(({ username }) => [username, "!", "", "0", "99999", "7", "", "", ""]),
    );
  }
  for (const { username, uid, gid = uid, homedir = `/home/${username}` } of users) {
    const path = homedir.replace(/^\/+/u, "");
    if (path !== "" && root.tree.find(path) === undefined)
      root.tree.makeDirectory(path, { mode: 0o700, uid, gid });
  }
}

/** A row of a name that is there already takes its place. */
async function addRows(root: ApkRoot, path: string, rows: readonly (readonly string[])[]): Promise<void> {
  if (rows.length === 0) return;
  const before = (await root.read(path))?.toString("utf8") ?? "";
  const lines = before.split("\n").filter((line) => line !== "");
  const names = new Set(rows.map(([name]) => name));
  const kept = lines.filter((line) => !names.has(line.slice(0, line.indexOf(":"))));
  const text = [...kept, ...rows.map((row) => row.join(":"))].map((line) => `${line}\n`).join("");
  root.tree.write({ path, bytes: Buffer.from(text) });
}
