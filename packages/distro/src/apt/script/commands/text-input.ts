import { textOf } from "../../../rootfs/node.ts";
import type { Call } from "../call.ts";
import { UNKNOWN } from "../value.ts";

/** A file that a command is to read and that is not there. */
export const MISSING: unique symbol = Symbol("missing");

/** What a command reads: its files, or its standard input. Undefined where it is not known or not there. */
export function inputOf(
  { shell, input }: Call,
  files: readonly string[],
): string | typeof MISSING | undefined {
  let text = "";
  for (const path of files.length === 0 ? ["-"] : files) {
    const file = path === "-" ? undefined : shell.tree.file(path);
    if (path !== "-" && file === undefined) return path === "/dev/null" ? "" : MISSING;
    const part = file === undefined ? input.takeAll() : textOf(file);
    if (part === undefined || part === UNKNOWN) return undefined;
    text += part;
  }
  return text;
}

export function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
