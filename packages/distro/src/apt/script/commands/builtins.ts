import { textOf } from "../../../rootfs/node.ts";
import { parseScript } from "../parse.ts";
import { ScriptSyntaxError } from "../reader.ts";
import type { Call, Handler } from "../call.ts";
import { findProgram } from "../program.ts";
import { ExitSignal, LoopSignal, ReturnSignal, type Status, UNKNOWN } from "../value.ts";

/** Files that bring functions which are known here anyway. */
const KNOWN_LIBRARIES = new Set(["/usr/share/debconf/confmodule", "/usr/share/dpkg/sh/dpkg-error.sh"]);

/** The commands of the shell itself. */
export const BUILTINS: Readonly<Record<string, Handler>> = {
  ":": () => 0,
  true: () => 0,
  false: () => 1,
  exit: ({ args: [status], line, shell }) => {
    const last = shell.variable("?");
    throw new ExitSignal(statusOf(status, last === UNKNOWN ? 0 : Number(last)), line);
  },
  return: ({ args: [status], shell }) => {
    const last = shell.variable("?");
    throw new ReturnSignal(
      status === undefined && last === UNKNOWN ? UNKNOWN : statusOf(status, Number(last)),
    );
  },
  break: ({ args: [levels] }) => {
    throw new LoopSignal("break", statusOf(levels, 1));
  },
  continue: ({ args: [levels] }) => {
    throw new LoopSignal("continue", statusOf(levels, 1));
  },
  set,
  shift,
  export: assignAll,
  local: assignAll,
  readonly: assignAll,
  unset: ({ args, shell }) => {
    for (const name of args) shell.unset(name);
    return 0;
  },
  command,
  type: (call) => Number(find(call, call.args[0] ?? "") === undefined),
  which,
  ".": source,
  eval: ({ args, shell }) => shell.list(parseScript(args.join(" "))),
  read,
  umask: ({ args: [mask], shell, write }) => {
    if (mask === undefined) write(`${shell.mask.toString(8).padStart(4, "0")}\n`);
    else if (/^[0-7]{1,4}$/.test(mask)) shell.mask = Number.parseInt(mask, 8);
    else return undefined;
    return 0;
  },
  trap: ({ args, shell }) => {
    const [action, ...events] = args[0] === "--" ? args.slice(1) : args;
    if (action !== undefined && events.some((event) => event === "EXIT" || event === "0")) {
      shell.atExit = action === "-" ? "" : action;
    }
    return 0;
  },
  wait: () => 0,
  exec: ({ args }) => (args.length === 0 ? 0 : undefined),
  cd: ({ args: [path] }) => (path === "/" || path === undefined ? 0 : undefined),
};

const BUILTIN_NAMES: ReadonlySet<string> = new Set([
  "test",
  "[",
  "echo",
  "printf",
  "true",
  "false",
  "cd",
  "read",
]);

function statusOf(text: string | undefined, otherwise: number): number {
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : otherwise;
}

function find(call: Call, name: string): string | undefined {
  if (call.shell.isFunction(name)) return name;
  return findProgram(call.shell.tree, name) ?? (BUILTIN_NAMES.has(name) ? name : undefined);
}

function command(call: Call): number | undefined {
  const [option, name = ""] = call.args;
  if (option !== "-v" && option !== "-V") return undefined;
  const found = find(call, name);
  if (found !== undefined) call.write(`${found}\n`);
  return found === undefined ? 127 : 0;
}

function which(call: Call): number {
  const names = call.args.filter((arg) => !arg.startsWith("-"));
  const found = names.map((name) => findProgram(call.shell.tree, name));
  for (const path of found) if (path !== undefined) call.write(`${path}\n`);
  return Number(found.includes(undefined));
}

function source({ args: [path = ""], shell }: Call): Status | undefined {
  if (KNOWN_LIBRARIES.has(path)) return 0;
  const file = shell.tree.file(path);
  const text = file === undefined ? undefined : textOf(file);
  if (text === undefined) return file === undefined ? 1 : undefined;
  try {
    return shell.list(parseScript(text));
  } catch (error) {
    if (error instanceof ReturnSignal) return error.status;
    if (error instanceof ScriptSyntaxError) return undefined;
    throw error;
  }
}

function set({ args, shell }: Call): number {
  for (const [at, arg] of args.entries()) {
    if (/^-[a-z]*e/.test(arg)) shell.stopsOnFailure = true;
    if (/^\+[a-z]*e/.test(arg)) shell.stopsOnFailure = false;
    if (arg === "--" || !/^[-+]/.test(arg)) {
      shell.parameters = args.slice(arg === "--" ? at + 1 : at);
      break;
    }
  }
  return 0;
}

function assignAll({ args, shell }: Call): number {
  for (const arg of args) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(arg) ?? [];
    if (name !== undefined) shell.assign(name, value ?? "");
  }
  return 0;
}

function read({ args, shell, input }: Call): number | undefined {
  const names = args.filter((arg) => !arg.startsWith("-"));
  const line = input.takeLine();
  if (line === undefined) {
    for (const name of names) shell.assign(name, "");
    return 1;
  }
  if (line === UNKNOWN) return undefined;
  const separators = shell.variable("IFS");
  const splitter =
    typeof separators === "string" && separators !== "" ? `[${RegExp.escape(separators)}]` : "[ \t]+";
  let rest = separators === "" ? line : line.trim();
  for (const [at, name] of names.entries()) {
    const end = at === names.length - 1 || separators === "" ? -1 : rest.search(new RegExp(splitter));
    shell.assign(name, end === -1 ? rest : rest.slice(0, end));
    rest = end === -1 ? "" : rest.slice(end).replace(new RegExp(`^${splitter}`), "");
  }
  return 0;
}

function shift({ args: [count], shell }: Call): number {
  const length = statusOf(count, 1);
  if (length > shell.parameters.length) return 1;
  shell.parameters = shell.parameters.slice(length);
  return 0;
}
