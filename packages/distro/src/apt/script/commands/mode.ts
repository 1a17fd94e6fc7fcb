import type { TreeNode } from "../../../rootfs/node.ts";

/** A mode as chmod reads it: in octal, or a change of the mode that is there (`u+s,go=rX`). */
export function parseMode(text: string, before: number, type: TreeNode["type"]): number {
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8) & 0o7777;
  let mode = before;
  for (const clause of text.split(",")) {
    const [, who = "", operator, permissions = ""] = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause) ?? [];
    if (operator === undefined) return before;
    const all = who === "" || who.includes("a") ? "ugo" : who;
    const bits = bitsOf(permissions, all, mode, type);
    if (operator === "+") mode |= bits;
    else if (operator === "-") mode &= ~bits;
    else mode = (mode & ~maskOf(all)) | bits;
  }
  return mode;
}

const SHIFT: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function maskOf(who: string): number {
  return who.split("").reduce((mask, one) => mask | (0o7 << (SHIFT[one] ?? 0)), 0);
}

function bitsOf(permissions: string, who: string, mode: number, type: TreeNode["type"]): number {
  const isExecutable = type === "directory" || (mode & 0o111) !== 0;
  let bits = 0;
  for (const permission of permissions) {
    if (permission === "t") bits |= 0o1000;
    if (permission === "s") bits |= (who.includes("u") ? 0o4000 : 0) | (who.includes("g") ? 0o2000 : 0);
    const value = { r: 4, w: 2, x: 1, X: isExecutable ? 1 : 0 }[permission] ?? 0;
    for (const one of who) bits |= value << (SHIFT[one] ?? 0);
  }
  return bits;
}
