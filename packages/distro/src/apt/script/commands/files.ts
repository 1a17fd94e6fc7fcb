import { basename, dirname } from "node:path/posix";
import type { Attributes, DirectoryNode, TreeNode } from "../../../rootfs/node.ts";
import { accountId } from "../../../rootfs/accounts.ts";
import type { Call, Handler } from "../call.ts";
import { findCommand } from "./find.ts";
import { parseMode } from "./mode.ts";
import { type Options, parseOptions, type System, writeFile } from "./system.ts";

/** Commands that make, move and remove files. */
export function fileCommands(system: System): Readonly<Record<string, Handler>> {
  const { tree, time } = system;
  const fresh: Attributes = { mode: 0o755, uid: 0, gid: 0, mtime: time };

  /** Where a file lands that is put to `path`: into it, if it is a directory. */
  const landing = (path: string, source: string): string =>
    tree.directory(path) === undefined ? path : `${path}/${basename(source)}`;

  function mkdir({ args }: Call): number {
    const { flags, values, operands } = parseOptions(args, ["-m", "--mode"]);
    const mode = parseMode(values.get("-m") ?? values.get("--mode") ?? "755", 0o777, "directory");
    const makesParents = flags.has("-p") || flags.has("--parents");
    let failures = 0;
    for (const path of operands) {
      if (makesParents && tree.directory(path) !== undefined) continue;
      if (makesParents) tree.makeDirectory(dirname(path), fresh);
      const found = tree.find(path, "keep");
      if (found === undefined || found.node !== undefined) failures++;
      else tree.set(path, emptyDirectory({ ...fresh, mode }));
    }
    return Number(failures > 0);
  }

  function rm({ args }: Call): number {
    const { flags, operands } = parseOptions(args);
    const isForced = flags.has("-f") || flags.has("--force");
    const isRecursive = flags.has("-r") || flags.has("-R") || flags.has("--recursive");
    let failures = 0;
    for (const path of operands) {
      const node = tree.get(path, "keep");
      if (node === undefined && isForced) continue;
      if (node === undefined || (node.type === "directory" && !isRecursive) || !tree.remove(path)) failures++;
    }
    return Number(failures > 0);
  }

  function rmdir({ args }: Call): number {
    const { flags, operands } = parseOptions(args);
    let failures = 0;
    for (const path of operands) {
      const node = tree.get(path, "keep");
      if (node?.type === "directory" && node.entries.size === 0) tree.remove(path);
      else if (node?.type !== "directory" || !flags.has("--ignore-fail-on-non-empty")) failures++;
    }
    return Number(failures > 0);
  }

  function ln({ args }: Call): number | undefined {
    const { flags, operands } = parseOptions(args);
    const [target, given = basename(target ?? ""), ...rest] = operands;
    if (target === undefined || rest.length > 0) return undefined;
    const keepsLink = ["-n", "-T", "--no-dereference"].some((flag) => flags.has(flag));
    const isLink = tree.get(given, "keep")?.type === "symlink";
    const path = keepsLink && isLink ? given : landing(given, target);
    if (tree.get(path, "keep") !== undefined && !flags.has("-f") && !flags.has("--force")) return 1;
    if (flags.has("-s") || flags.has("--symbolic")) {
      const link: TreeNode = { ...fresh, type: "symlink", mode: 0o777, target };
      return Number(tree.set(path, link) === undefined);
    }
    const file = tree.file(target);
    return Number(file === undefined || tree.set(path, file) === undefined);
  }

  function mv({ args }: Call): number | undefined {
    const { operands } = parseOptions(args);
    const [source, target, ...rest] = operands;
    if (source === undefined || target === undefined || rest.length > 0) return undefined;
    const node = tree.get(source, "keep");
    const path = landing(target, source);
    if (node === undefined || tree.find(path, "keep") === undefined) return 1;
    tree.remove(source);
    return Number(tree.set(path, node) === undefined);
  }

  function cp({ args }: Call): number | undefined {
    const { flags, operands } = parseOptions(args);
    const [source, target, ...rest] = operands;
    if (source === undefined || target === undefined || rest.length > 0) return undefined;
    const keepsLinks = ["-d", "-a", "-P", "--archive"].some((flag) => flags.has(flag));
    const keepsAll = ["-p", "-a", "--archive", "--preserve"].some((flag) => flags.has(flag));
    const node = tree.get(source, keepsLinks ? "keep" : "follow");
    if (node?.type === "directory") return undefined;
    if (node === undefined) return 1;
    // Whoever copies without -p gives the file to root.
    const attributes = keepsAll ? {} : { uid: 0, gid: 0, mode: node.mode & 0o755, mtime: time };
    return Number(tree.set(landing(target, source), { ...node, ...attributes }) === undefined);
  }

  function touch({ args, shell }: Call): number {
    const { flags, values, operands } = parseOptions(args, ["--reference", "-r", "-d", "--date", "-t"]);
    const reference = tree.get(values.get("--reference") ?? values.get("-r") ?? "", "keep");
    const mtime = reference?.mtime ?? time;
    for (const path of operands) {
      const node = tree.get(path, flags.has("--no-dereference") || flags.has("-h") ? "keep" : "follow");
      if (node !== undefined) {
        if (node.type !== "directory") tree.set(path, { ...node, mtime });
      } else if (
        !flags.has("-c") &&
        !flags.has("--no-create") &&
        !writeFile(system, path, Buffer.alloc(0), 0o666 & ~shell.mask)
      ) {
        return 1;
      }
    }
    return 0;
  }

  function chmod({ args }: Call): number | undefined {
    const recursive = args.includes("-R") || args.includes("--recursive");
    const [mode, ...paths] = args.filter((arg) => !/^-[RfcvR]+$/.test(arg) && !arg.startsWith("--"));
    if (mode === undefined) return 1;
    return changeAll(paths, recursive, (node) => ({ mode: parseMode(mode, node.mode, node.type) }));
  }

  function chown({ name, args }: Call): number | undefined {
    const { flags, values, operands } = parseOptions(args, ["--reference"]);
    if (values.size > 0) return undefined;
    const [owner, ...paths] = operands;
    const [user = "", group] = name === "chgrp" ? ["", owner] : (owner ?? "").split(/[:.](.*)/s);
    const uid = user === "" ? undefined : accountId(tree, "passwd", user);
    const gid = group === undefined || group === "" ? undefined : accountId(tree, "group", group);
    if ((user !== "" && uid === undefined) || ((group ?? "") !== "" && gid === undefined)) return 1;
    const change = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
    return changeAll(paths, flags.has("-R") || flags.has("--recursive"), () => change);
  }

  function changeAll(
    paths: readonly string[],
    recursive: boolean,
    change: (node: TreeNode) => Partial<Attributes>,
  ): number {
    let failures = 0;
    for (const path of paths) {
      const found = tree.find(path);
      if (found?.node === undefined) {
        failures++;
        continue;
      }
      tree.change(found.path, change(found.node));
      if (!recursive || found.node.type !== "directory") continue;
      for (const name of found.node.entries.keys()) {
        const child = `${found.path}/${name}`;
        if (tree.get(child, "keep")?.type !== "symlink") changeAll([child], recursive, change);
      }
    }
    return Number(failures > 0);
  }

  function install({ args }: Call): number | undefined {
    const options = parseOptions(args, ["-m", "-o", "-g", "--mode", "--owner", "--group", "-t"]);
    const attributes = installAttributes(options);
    if (attributes === undefined) return 1;
    const { flags, operands } = options;
    if (flags.has("-d") || flags.has("--directory")) {
      for (const path of operands) {
        if (tree.makeDirectory(path, fresh) === undefined) return 1;
        tree.change(path, attributes);
      }
      return 0;
    }
    const [source, target, ...rest] = operands;
    if (source === undefined || target === undefined || rest.length > 0) return undefined;
    if (flags.has("-D")) tree.makeDirectory(dirname(target), fresh);
    if (source === "/dev/null") return Number(!writeFile(system, target, Buffer.alloc(0), attributes.mode));
    const file = tree.file(source);
    const copy = file === undefined ? undefined : { ...file, mtime: time, ...attributes };
    return Number(copy === undefined || tree.set(landing(target, source), copy) === undefined);
  }

  function installAttributes({ values }: Options): Omit<Attributes, "mtime"> | undefined {
    const uid = accountId(tree, "passwd", values.get("-o") ?? values.get("--owner") ?? "0");
    const gid = accountId(tree, "group", values.get("-g") ?? values.get("--group") ?? "0");
    if (uid === undefined || gid === undefined) return undefined;
    return { mode: parseMode(values.get("-m") ?? values.get("--mode") ?? "755", 0, "file"), uid, gid };
  }

  function readlink({ args, write }: Call): number {
    const { flags, operands } = parseOptions(args);
    const [path = ""] = operands;
    if (["-f", "-e", "-m"].some((flag) => flags.has(flag))) {
      const found = tree.find(path);
      if (found === undefined || (flags.has("-e") && found.node === undefined)) return 1;
      write(`/${found.path}\n`);
      return 0;
    }
    const node = tree.get(path, "keep");
    if (node?.type !== "symlink") return 1;
    write(`${node.target}\n`);
    return 0;
  }

  function realpath({ args, write }: Call): number {
    const found = tree.find(parseOptions(args, ["--root"]).operands[0] ?? "");
    if (found === undefined) return 1;
    write(`/${found.path}\n`);
    return 0;
  }

  function ls({ args, write }: Call): number {
    const { operands } = parseOptions(args);
    let failures = 0;
    for (const path of operands) {
      const node = tree.get(path);
      if (node === undefined) failures++;
      else if (node.type !== "directory") write(`${path}\n`);
      else
        for (const name of [...node.entries.keys()].toSorted()) if (!name.startsWith(".")) write(`${name}\n`);
    }
    return failures > 0 ? 2 : 0;
  }

  let temporaries = 0;
  function mktemp({ args, write }: Call): number {
    const { flags, operands } = parseOptions(args, ["--tmpdir", "-p"]);
    temporaries++;
    const path = (operands[0] ?? "/tmp/tmp.XXXXXXXXXX").replace(/X{3,}/, (marks) =>
      String(temporaries).padStart(marks.length, "0"),
    );
    const done = flags.has("-d")
      ? tree.set(path, emptyDirectory({ ...fresh, mode: 0o700 })) !== undefined
      : writeFile(system, path, Buffer.alloc(0), 0o600);
    if (done) write(`${path}\n`);
    return Number(!done);
  }

  return {
    mkdir,
    rm,
    unlink: rm,
    rmdir,
    ln,
    mv,
    cp,
    touch,
    chmod,
    chown,
    chgrp: chown,
    install,
    readlink,
    realpath,
    "dpkg-realpath": realpath,
    mktemp,
    tempfile: mktemp,
    // Files have no capabilities here; scripts that cannot set one make the program setuid.
    ls,
    find: findCommand(tree),
    getcap: () => 0,
    setcap: () => 1,
  };
}

function emptyDirectory(attributes: Attributes): DirectoryNode {
  return { ...attributes, type: "directory", entries: new Map() };
}
