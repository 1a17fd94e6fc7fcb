import { accountId } from "../../../rootfs/accounts.ts";
import { textOf } from "../../../rootfs/node.ts";
import { compareVersions } from "../../version/version.ts";
import type { Call, Handler } from "../call.ts";
import { UNKNOWN } from "../value.ts";
import { parseOptions, type System, writeFile } from "./system.ts";

/** dpkg and its companions, as far as scripts call them when a package is new. */
export function dpkgCommands(system: System, running: string): Readonly<Record<string, Handler>> {
  const { tree, diversions } = system;

  function dpkg({ args, write }: Call): number | undefined {
    const [option, left = "", operator = "", right = ""] = args;
    if (option === "--print-architecture") {
      write(`${system.architecture}\n`);
      return 0;
    }
    if (option === "-L" || option === "--listfiles") {
      // What is made of the list is byte code and the like.
      write(UNKNOWN);
      return 0;
    }
    if (option !== "--compare-versions") return undefined;
    return compare(left, operator, right);
  }

  function divert({ args, write }: Call): number | undefined {
    const { flags, values, operands } = parseOptions(args, ["--package", "--divert"]);
    const query = ["--listpackage", "--truename", "--list"].find((flag) => flags.has(flag));
    const [path = ""] = operands;
    const known = diversions.find(({ from }) => from === path);
    if (query === "--listpackage") {
      if (known !== undefined) write(`${known.package}\n`);
      return 0;
    }
    if (query === "--truename") {
      write(`${known?.to ?? path}\n`);
      return 0;
    }
    if (query === "--list") {
      const listed = diversions.filter(({ from }) => path === "" || from === path);
      for (const { from, to, package: by } of listed) write(`diversion of ${from} to ${to} by ${by}\n`);
      return 0;
    }
    if (flags.has("--remove")) {
      if (known !== undefined) diversions.splice(diversions.indexOf(known), 1);
      return 0;
    }
    const to = values.get("--divert") ?? `${path}.distrib`;
    if (known === undefined) diversions.push({ from: path, to, package: values.get("--package") ?? running });
    if (flags.has("--rename")) {
      const node = tree.get(path, "keep");
      if (node !== undefined && tree.set(to, node) !== undefined) tree.remove(path);
    }
    return 0;
  }

  function override({ args, write }: Call): number {
    const { flags, operands } = parseOptions(args, ["--admindir"]);
    if (flags.has("--list")) {
      const found = system.overrides.filter(
        (line) => operands.length === 0 || line.endsWith(` ${operands[0] ?? ""}`),
      );
      for (const line of found) write(`${line}\n`);
      return Number(found.length === 0);
    }
    const [user = "", group = "", mode = "", path = ""] = operands;
    if (!flags.has("--add") || system.overrides.some((line) => line.endsWith(` ${path}`))) return 0;
    system.overrides.push(`${user} ${group} ${mode.replace(/^0+(?=.)/, "")} ${path}`);
    const uid = accountId(tree, "passwd", user);
    const gid = accountId(tree, "group", group);
    if (uid === undefined || gid === undefined) return 1;
    if (flags.has("--update")) tree.change(path, { uid, gid, mode: Number.parseInt(mode, 8) & 0o7777 });
    return 0;
  }

  /** A configuration file that ucf looks after is new: it is copied. */
  function ucf({ args }: Call): number | undefined {
    const { flags, operands } = parseOptions(args, [
      "--debconf-template",
      "--state-dir",
      "--src-dir",
      "--sum-file",
    ]);
    const [source, target] = operands;
    if (flags.has("--purge") || flags.has("-p")) return 0;
    const file = source === undefined ? undefined : tree.file(source);
    if (file === undefined || target === undefined) return 1;
    if (tree.get(target) !== undefined) return 0;
    return Number(tree.set(target, { ...file, mode: file.mode & 0o755, uid: 0, gid: 0 }) === undefined);
  }

  /** The shells that packages name, under both of their names where /bin is a link (update-shells(8)). */
  function updateShells(): number {
    const names = tree.directory("usr/share/debianutils/shells.d")?.entries.keys() ?? [];
    const sources = ["shells", ...[...names].toSorted().map((name) => `shells.d/${name}`)];
    const wanted: string[] = [];
    for (const source of sources) {
      const file = tree.file(`usr/share/debianutils/${source}`);
      const text = file === undefined ? "" : (textOf(file) ?? "");
      for (const line of text.split("\n")) if (line.startsWith("/")) wanted.push(line);
    }
    const before = tree.file("etc/shells");
    const text = before === undefined ? "# /etc/shells: valid login shells\n" : (textOf(before) ?? "");
    const lines = text.split("\n").filter((line) => line !== "");
    for (const shell of [...wanted, ...wanted.map((path) => `/usr${path}`)]) {
      if (!lines.includes(shell) && (wanted.includes(shell) || tree.file(shell) !== undefined))
        lines.push(shell);
    }
    writeFile(system, "etc/shells", Buffer.from(`${lines.join("\n")}\n`, "latin1"));
    return 0;
  }

  return {
    dpkg,
    "dpkg-divert": divert,
    "dpkg-statoverride": override,
    ucf,
    "update-shells": updateShells,
  };
}

/** dpkg(1): `lt-nl` and its like take an empty version for a later one than any. */
function compare(left: string, operator: string, right: string): number | undefined {
  const [, relation, , emptyIsLater] =
    /^(lt|le|eq|ne|ge|gt)(-(nl))?$/.exec(SYMBOLS[operator] ?? operator) ?? [];
  if (relation === undefined) return undefined;
  let order: number = compareVersions(left, right);
  if (left === "" || right === "") {
    if (left === right) order = 0;
    else order = (left === "") === (emptyIsLater === undefined) ? -1 : 1;
  }
  const holds: Readonly<Record<string, boolean>> = {
    lt: order < 0,
    le: order <= 0,
    eq: order === 0,
    ne: order !== 0,
    ge: order >= 0,
    gt: order > 0,
  };
  return Number(holds[relation] !== true);
}

const SYMBOLS: Readonly<Record<string, string>> = {
  "<<": "lt",
  "<=": "le",
  "<": "le",
  "=": "eq",
  ">=": "ge",
  ">": "ge",
  ">>": "gt",
};
