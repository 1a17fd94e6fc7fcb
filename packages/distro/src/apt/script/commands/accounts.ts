import {
  type AccountFile,
  type AccountLine,
  accountId,
  findAccount,
  formatAccounts,
  freeId,
  readAccounts,
} from "../../../rootfs/accounts.ts";
import type { Call, Handler } from "../call.ts";
import { type Options, parseOptions, type System, writeFile } from "./system.ts";

/** `FIRST_SYSTEM_UID` and `LAST_SYSTEM_UID` of Debian's adduser.conf. */
const ADDUSER_RANGE = { first: 100, last: 999 };
/** `useradd --system` goes down from `SYS_UID_MAX` of login.defs. */
const SYSTEM_RANGE = { first: 999, last: 101 };
const USER_RANGE = { first: 1000, last: 59999 };
const NOLOGIN = "/usr/sbin/nologin";

/** Commands that make users and groups, and that ask for them. */
export function accountCommands(system: System): Readonly<Record<string, Handler>> {
  const { tree, time } = system;
  const days = Math.floor(time / 86_400);

  const write = (file: AccountFile, lines: readonly AccountLine[], mode: number): void => {
    writeFile(system, `etc/${file}`, formatAccounts(lines), mode);
  };
  const append = (file: AccountFile, line: AccountLine): void => {
    write(file, [...readAccounts(tree, file), line], 0o644);
  };
  const has = (file: AccountFile): boolean => tree.file(`etc/${file}`) !== undefined;

  function makeGroup(name: string, gid: number): void {
    append("group", [name, "x", String(gid), ""]);
    if (has("gshadow")) append("gshadow", [name, "!", "", ""]);
  }

  function makeUser(user: NewUser): void {
    const { name, uid, gid, comment, home, shell } = user;
    append("passwd", [name, has("shadow") ? "x" : "!", String(uid), String(gid), comment, home, shell]);
    if (has("shadow")) append("shadow", [name, "!", String(days), "", "", "", "", "", ""]);
  }

  function makeHome({ home, uid, gid }: NewUser, mode: number): void {
    if (home === "/nonexistent" || tree.get(home) !== undefined) return;
    tree.makeDirectory(home, { mode: 0o755, uid: 0, gid: 0, mtime: time });
    tree.change(home, { mode, uid, gid });
  }

  function addMember(user: string, group: string): number {
    if (findAccount(tree, "group", group) === undefined) return 1;
    for (const file of ["group", "gshadow"] as const) {
      if (!has(file)) continue;
      const lines = readAccounts(tree, file).map((line) => {
        const [name = "", password = "", gid = "", members = ""] = line;
        const list = members === "" ? [] : members.split(",");
        if (name !== group || list.includes(user)) return line;
        return [name, password, gid, [...list, user].join(",")];
      });
      write(file, lines, 0o644);
    }
    return 0;
  }

  function adduser({ args }: Call): number | undefined {
    const options = parseOptions(args, ADDUSER_VALUES);
    const { flags, operands } = options;
    const [name, group] = operands;
    if (flags.has("--group") && !flags.has("--system")) return addgroup(options);
    if (name === undefined) return 1;
    if (group !== undefined) return addMember(name, group);
    // People's accounts ask for a password and copy /etc/skel.
    if (!flags.has("--system")) return undefined;
    if (findAccount(tree, "passwd", name) !== undefined) return 0;
    return addSystemUser(name, options);
  }

  function addSystemUser(name: string, { flags, values }: Options): number {
    const uid = numberOf(values.get("--uid")) ?? freeId(tree, ["passwd"], ADDUSER_RANGE);
    let gid = numberOf(values.get("--gid"));
    const ingroup = values.get("--ingroup");
    if (flags.has("--group")) {
      gid = accountId(tree, "group", name) ?? gid ?? freeId(tree, ["group"], ADDUSER_RANGE);
      if (gid !== undefined && findAccount(tree, "group", name) === undefined) makeGroup(name, gid);
    } else if (ingroup !== undefined) {
      gid = accountId(tree, "group", ingroup);
    } else {
      gid ??= accountId(tree, "group", "nogroup");
    }
    if (uid === undefined || gid === undefined) return 1;
    const home = values.get("--home") ?? "/nonexistent";
    const comment = values.get("--gecos") ?? values.get("--comment") ?? "";
    const user = { name, uid, gid, comment, home, shell: values.get("--shell") ?? NOLOGIN };
    makeUser(user);
    if (!flags.has("--no-create-home")) makeHome(user, 0o755);
    return 0;
  }

  function addgroup({ flags, values, operands }: Options): number {
    const [name, group] = operands;
    if (name === undefined) return 1;
    if (group !== undefined) return addMember(name, group);
    if (findAccount(tree, "group", name) !== undefined) return 0;
    const range = flags.has("--system") ? ADDUSER_RANGE : USER_RANGE;
    const gid = numberOf(values.get("--gid")) ?? freeId(tree, ["group"], range);
    if (gid === undefined) return 1;
    makeGroup(name, gid);
    return 0;
  }

  function groupadd({ args }: Call): number {
    const { flags, values, operands } = parseOptions(args, ["-g", "--gid", "-K", "--key", "-p"]);
    const [name = ""] = operands;
    if (findAccount(tree, "group", name) !== undefined)
      return flags.has("-f") || flags.has("--force") ? 0 : 9;
    const range = flags.has("-r") || flags.has("--system") ? SYSTEM_RANGE : USER_RANGE;
    const gid = numberOf(values.get("-g") ?? values.get("--gid")) ?? freeId(tree, ["group"], range);
    if (gid === undefined || name === "") return 1;
    makeGroup(name, gid);
    return 0;
  }

  function useradd({ args }: Call): number {
    const { flags, values, operands } = parseOptions(args, USERADD_VALUES);
    const [name = ""] = operands;
    if (findAccount(tree, "passwd", name) !== undefined) return 9;
    const isSystem = flags.has("-r") || flags.has("--system");
    const range = isSystem ? SYSTEM_RANGE : USER_RANGE;
    const uid = numberOf(values.get("-u") ?? values.get("--uid")) ?? freeId(tree, ["passwd"], range);
    const group = values.get("-g") ?? values.get("--gid");
    let gid = group === undefined ? accountId(tree, "group", name) : accountId(tree, "group", group);
    if (gid === undefined && group === undefined) {
      const isTaken = readAccounts(tree, "group").some((line) => line[2] === String(uid));
      gid = isTaken ? freeId(tree, ["group"], range) : uid;
      if (gid !== undefined) makeGroup(name, gid);
    }
    if (uid === undefined || gid === undefined || name === "") return 1;
    const home = values.get("-d") ?? values.get("--home") ?? values.get("--home-dir") ?? `/home/${name}`;
    const shell = values.get("-s") ?? values.get("--shell") ?? "/bin/sh";
    const comment = values.get("-c") ?? values.get("--comment") ?? "";
    const user = { name, uid, gid, comment, home, shell };
    makeUser(user);
    if (flags.has("-m") || flags.has("--create-home")) makeHome(user, 0o700);
    for (const more of (values.get("-G") ?? values.get("--groups") ?? "").split(",")) {
      if (more !== "") addMember(name, more);
    }
    return 0;
  }

  function usermod({ args }: Call): number | undefined {
    const { flags, values, operands } = parseOptions(args, USERADD_VALUES);
    const [name = ""] = operands;
    const line = findAccount(tree, "passwd", name);
    if (line === undefined) return 6;
    const groups = values.get("-G") ?? values.get("--groups");
    if (groups !== undefined && !flags.has("-a") && !flags.has("--append")) return undefined;
    for (const group of groups?.split(",") ?? []) if (addMember(name, group) !== 0) return 6;
    const [, password = "", uid = "", gid = "", comment = "", home = "", shell = ""] = line;
    const changed = [
      name,
      password,
      uid,
      gid,
      values.get("-c") ?? values.get("--comment") ?? comment,
      values.get("-d") ?? values.get("--home") ?? home,
      values.get("-s") ?? values.get("--shell") ?? shell,
    ];
    write(
      "passwd",
      readAccounts(tree, "passwd").map((other) => (other[0] === name ? changed : other)),
      0o644,
    );
    return 0;
  }

  function getent({ args, write: print }: Call): number | undefined {
    const [database, key] = args;
    if (database !== "passwd" && database !== "group" && database !== "shadow") return undefined;
    const lines = readAccounts(tree, database);
    const found = key === undefined ? lines : lines.filter((line) => line[0] === key || line[2] === key);
    for (const line of found) print(`${line.join(":")}\n`);
    return found.length === 0 ? 2 : 0;
  }

  function id({ args, write: print }: Call): number | undefined {
    const { flags, operands } = parseOptions(args);
    const [name = "root"] = operands;
    const line = findAccount(tree, "passwd", name);
    if (line === undefined) return 1;
    if (flags.has("-G")) {
      const groups = readAccounts(tree, "group").filter((group) => {
        return group[2] === line[3] || (group[3] ?? "").split(",").includes(name);
      });
      print(`${groups.map((group) => (flags.has("-n") ? group[0] : group[2])).join(" ")}\n`);
    } else if (flags.has("-u")) print(flags.has("-n") ? `${name}\n` : `${line[2] ?? ""}\n`);
    else if (flags.has("-g") && !flags.has("-n")) print(`${line[3] ?? ""}\n`);
    else if (flags.size > 0) return undefined;
    else print(`uid=${line[2] ?? ""}(${name}) gid=${line[3] ?? ""}\n`);
    return 0;
  }

  /** Moves the passwords, none of which is one here, to files that only root may read. */
  function shadowconfig({ args }: Call): number | undefined {
    if (args[0] !== "on") return undefined;
    const gid = accountId(tree, "group", "shadow") ?? 0;
    const users = readAccounts(tree, "passwd");
    const groups = readAccounts(tree, "group");
    if (!has("shadow")) {
      const lines = users.map(([name = "", password = ""]) => {
        return [name, password, String(days), "0", "99999", "7", "", "", ""];
      });
      write("shadow", lines, 0o640);
    }
    if (!has("gshadow")) {
      write(
        "gshadow",
        groups.map(([name = "", password = "", , members = ""]) => [name, password, "", members]),
        0o640,
      );
    }
    tree.change("etc/shadow", { gid });
    tree.change("etc/gshadow", { gid });
    write("passwd", users.map(hidden), 0o644);
    write("group", groups.map(hidden), 0o644);
    return 0;
  }

  return {
    adduser,
    addgroup: ({ args }) => addgroup(parseOptions(args, ADDUSER_VALUES)),
    groupadd,
    useradd,
    usermod,
    getent,
    id,
    shadowconfig,
  };
}

function hidden([name = "", , ...rest]: AccountLine): AccountLine {
  return [name, "x", ...rest];
}

interface NewUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
}

const ADDUSER_VALUES = [
  "--home",
  "--shell",
  "--uid",
  "--gid",
  "--ingroup",
  "--gecos",
  "--comment",
  "--firstuid",
  "--lastuid",
  "--conf",
];

const USERADD_VALUES =
  "-u --uid -g --gid -G --groups -d --home --home-dir -s --shell -c --comment -K --key -e -p".split(" ");

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
