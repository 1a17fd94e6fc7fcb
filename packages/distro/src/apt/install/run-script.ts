import { parseScript } from "../script/parse.ts";
import { ScriptSyntaxError } from "../script/reader.ts";
import { makeCommands } from "../script/commands/commands.ts";
import { type System, writeFile } from "../script/commands/system.ts";
import type { Note } from "../script/call.ts";
import { Shell } from "../script/shell.ts";
import { ScriptLimit, UNKNOWN } from "../script/value.ts";
import { textOf } from "../../rootfs/node.ts";
import type { InstalledPackage } from "./installed-package.ts";

export type ScriptName = "preinst" | "config" | "postinst";

/** What dpkg calls a script with when its package is new. */
const ARGUMENTS: Readonly<Record<ScriptName, readonly string[]>> = {
  preinst: ["install"],
  config: ["configure", ""],
  postinst: ["configure", ""],
};

/**
 * Does to the system what a package's script would do to it, as far as that can be told without running
 * it. Gives what was left out, in words.
 */
export function runScript(installed: InstalledPackage, name: ScriptName, system: System): readonly string[] {
  const text = installed.facts.control[name];
  if (text === undefined) return [];
  const interpreter = /^#!\s*(\S+)/.exec(text)?.[1] ?? "nothing";
  if (!/\/(ba|da)?sh$/.test(interpreter)) return [`is written for ${interpreter}`];
  const shell = new Shell({
    tree: system.tree,
    commands: makeCommands(system, installed.solved.name),
    variables: variablesFor(installed, name),
    parameters: ARGUMENTS[name],
    writeFile: (path, output, mode, how) => writeOutput(system, path, output, mode, how),
  });
  try {
    const { status, line } = shell.run(parseScript(text));
    const ending = status === UNKNOWN || status === 0 ? [] : [`ends with status ${status}${at(line)}`];
    return [...sentences(shell.notes), ...ending];
  } catch (error) {
    // Too deep for the stack: nested as no script is.
    if (error instanceof RangeError) return ["is nested too deeply"];
    if (error instanceof ScriptSyntaxError) return [`cannot be read: ${error.message}`];
    if (error instanceof ScriptLimit) return [...sentences(shell.notes), `was left: ${error.message}`];
    throw error;
  }
}

function sentences(notes: readonly Note[]): readonly string[] {
  return notes.map(({ command, line }) => `calls ${command}${at(line)}`);
}

function at(line: number | undefined): string {
  return line === undefined || line === 0 ? "" : ` in line ${line}`;
}

/** dpkg(1), maintainer scripts' environment. */
function variablesFor({ solved }: InstalledPackage, name: ScriptName): Readonly<Record<string, string>> {
  return {
    DEBIAN_FRONTEND: "noninteractive",
    DPKG_ADMINDIR: "/var/lib/dpkg",
    DPKG_MAINTSCRIPT_ARCH: solved.architecture,
    DPKG_MAINTSCRIPT_NAME: name,
    DPKG_MAINTSCRIPT_PACKAGE: solved.name,
    DPKG_ROOT: "",
    HOME: "/root",
    IFS: " \t\n",
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  };
}

function writeOutput(
  system: System,
  path: string,
  output: string,
  mode: number,
  how: "replace" | "append",
): boolean {
  const file = how === "append" ? system.tree.file(path) : undefined;
  const before = file === undefined ? "" : textOf(file);
  if (before === undefined) return false;
  return writeFile(system, path, Buffer.from(before + output, "latin1"), mode);
}
