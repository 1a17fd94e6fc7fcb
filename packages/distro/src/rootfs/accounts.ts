import { textOf } from "./node.ts";
import type { RootTree } from "./tree.ts";

/** The files of accounts that are lines of fields with colons between them. */
export type AccountFile = "passwd" | "group" | "shadow" | "gshadow";

export type AccountLine = readonly string[];

/** Numbers that are the same in every Debian system, for an image that has no accounts of its own. */
const FIXED_IDS: Readonly<Record<"passwd" | "group", Readonly<Record<string, number>>>> = {
  passwd: { root: 0, mail: 8, "www-data": 33 },
  group: {
    root: 0,
    adm: 4,
    tty: 5,
    mail: 8,
    "www-data": 33,
    shadow: 42,
    utmp: 43,
    staff: 50,
    nogroup: 65_534,
  },
};

/** The lines of one of the files of accounts; none where there is no such file. */
export function readAccounts(tree: RootTree, file: AccountFile): readonly AccountLine[] {
  const node = tree.file(`etc/${file}`);
  const text = node === undefined ? "" : (textOf(node) ?? "");
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

export function formatAccounts(lines: readonly AccountLine[]): Buffer {
  return Buffer.from(lines.map((fields) => `${fields.join(":")}\n`).join(""), "latin1");
}

/** The number of a user or group, by name or as a number in digits. */
export function accountId(tree: RootTree, file: "passwd" | "group", name: string): number | undefined {
  const line = findAccount(tree, file, name);
  if (line !== undefined) return Number(line[2]);
  if (tree.file(`etc/${file}`) === undefined && Object.hasOwn(FIXED_IDS[file], name))
    return FIXED_IDS[file][name];
  return /^\d{1,10}$/.test(name) ? Number(name) : undefined;
}

export function findAccount(tree: RootTree, file: AccountFile, name: string): AccountLine | undefined {
  return readAccounts(tree, file).find(([first]) => first === name);
}

/** The lowest number from `first` on that neither users nor groups have, when both are to have it. */
export function freeId(
  tree: RootTree,
  files: readonly ("passwd" | "group")[],
  range: { readonly first: number; readonly last: number },
): number | undefined {
  const taken = new Set(files.flatMap((file) => readAccounts(tree, file).map((line) => Number(line[2]))));
  const step = range.first <= range.last ? 1 : -1;
  for (let id = range.first; step * (range.last - id) >= 0; id += step) if (!taken.has(id)) return id;
  return undefined;
}
