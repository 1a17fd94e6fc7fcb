import type { CheckedPackage } from "../package/fetch.ts";

/** Users and groups as `etc/passwd`, `etc/group` and `etc/shadow` have them. */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
  readonly shadow: string;
}

/** What came of the packages' scripts. */
export interface ScriptAccounts {
  readonly files: AccountFiles;
  /** Packages whose scripts do more than make accounts. */
  readonly others: readonly CheckedPackage[];
}

/**
 * The users and groups that the packages' install scripts would make. Nothing is run: of a script, lines
 * with `addgroup` and `adduser` are read as busybox's programs take them, with the variables that the
 * script sets to plain words. Ids that a script leaves open are the first free ones from 100 on, in the
 * order of installation, as busybox hands them out.
 */
export function scriptAccounts(packages: readonly CheckedPackage[], before: AccountFiles): ScriptAccounts {
  const accounts = new Accounts(before);
  const others: CheckedPackage[] = [];
  for (const one of packages) {
    const scripts = one.control.scripts.filter(({ kind }) => /^(?:pre|post)-install$/u.test(kind));
    const understood = scripts.map(({ bytes }) => follow(Buffer.from(bytes).toString("utf8"), accounts));
    if (understood.includes(false)) others.push(one);
  }
  return { files: accounts.files(), others };
}

/** Whether every line of the script was understood. */
function follow(script: string, accounts: Accounts): boolean {
  const variables = new Map<string, string>();
  let isWhole = true;
  for (const line of script.replaceAll("\\\n", " ").split("\n")) {
    const command = line
      .replace(/\s+#.*$|^\s*#.*$/u, "")
      .replace(/\s*(?:[12&]?>\s*(?:\/dev\/null|&\d)|\|\|\s*(?:true|:|exit \d)|;)\s*/gu, " ")
      .trim();
    const assigned = /^(\w+)=["']?([\w./:-]*)["']?$/u.exec(command);
    if (assigned !== null) {
      variables.set(assigned[1] ?? "", assigned[2] ?? "");
      continue;
    }
    const words = wordsOf(command, variables);
    if (words === undefined) isWhole = false;
    else if (words[0] === "addgroup") isWhole = accounts.addGroup(words.slice(1)) && isWhole;
    else if (words[0] === "adduser") isWhole = accounts.addUser(words.slice(1)) && isWhole;
    else if (command !== "" && !/^(?:exit(?: 0)?|true|:|set -e)$/u.test(command)) isWhole = false;
  }
  return isWhole;
}

/** A command's words with quotes and variables resolved; undefined where it needs a shell. */
function wordsOf(command: string, variables: ReadonlyMap<string, string>): readonly string[] | undefined {
  let isPlain = true;
  const expanded = command.replace(/\$\{?(\w+)\}?/gu, (_, name: string) => {
    const value = variables.get(name);
    if (value === undefined) isPlain = false;
    return value ?? "";
  });
  if (!isPlain || /[|&;<>`$(){}*?[\]~]/u.test(expanded)) return undefined;
  return (expanded.match(/"[^"]*"|'[^']*'|[^\s"']+/gu) ?? []).map((word) =>
    word.replace(/^["']|["']$/gu, ""),
  );
}

const NAME = /^[a-z_][a-z0-9_.-]{0,31}\$?$/u;
const SYSTEM_IDS = [100, 999] as const;
const OTHER_IDS = [1000, 60_000] as const;
const NO_GROUP = "nogroup";

/** By their letters; those that are not there have no entry. */
type Options = ReadonlyMap<string, string>;

class Accounts {
  readonly #passwd: string[][];
  readonly #group: string[][];
  readonly #shadow: string[][];

  constructor({ passwd, group, shadow }: AccountFiles) {
    this.#passwd = rowsOf(passwd);
    this.#group = rowsOf(group);
    this.#shadow = rowsOf(shadow);
  }

  files(): AccountFiles {
    return {
      passwd: textOf(this.#passwd),
      group: textOf(this.#group),
      shadow: textOf(this.#shadow),
    };
  }

  /** `addgroup [-S] [-g GID] GROUP`, or `addgroup USER GROUP`. */
  addGroup(words: readonly string[]): boolean {
    const { options, names } = optionsOf(words, "g");
    const [first = "", second] = names;
    if (!NAME.test(first) || names.length > 2) return false;
    if (second !== undefined) return this.#join(first, second);
    this.#makeGroup(first, idOf(options.get("g")), options);
    return true;
  }

  /** `adduser [-S] [-D] [-H] [-h HOME] [-s SHELL] [-G GROUP] [-g GECOS] [-u UID] USER [GROUP]`. */
  addUser(words: readonly string[]): boolean {
    const { options, names } = optionsOf(words, "hsGguk");
    const [name = "", group] = names;
    if (!NAME.test(name) || names.length > 2) return false;
    if (group !== undefined) return this.#join(name, group);
    if (this.#passwd.some(([known]) => known === name)) return true;
    const wanted = idOf(options.get("u"));
    const uid = wanted ?? freeId(this.#passwd, options);
    const gid = this.#gidFor(options, name, uid);
    if (gid === undefined) return false;
    const home = options.get("h") ?? `/home/${name}`;
    const shell = options.get("s") ?? (options.has("S") ? "/sbin/nologin" : "/bin/sh");
    const gecos = options.get("g") ?? "";
    if ([home, shell, gecos].some((field) => /[:\n]/u.test(field))) return false;
    this.#passwd.push([name, "x", String(uid), gid, gecos, home, shell]);
    if (!this.#shadow.some(([known]) => known === name))
      this.#shadow.push([name, "!", "", "0", "99999", "7", "", "", ""]);
    // busybox makes whoever is given a group a member of it, too.
    const joined = options.get("G") ?? (options.has("S") ? NO_GROUP : undefined);
    if (joined !== undefined) this.#join(name, joined);
    // A home that is to be made is more than an account.
    return options.has("H");
  }

  #gidFor(options: Options, name: string, uid: number): string | undefined {
    const group = options.get("G");
    if (group !== undefined) return this.#group.find(([known]) => known === group)?.[2];
    if (options.has("S")) return this.#group.find(([known]) => known === NO_GROUP)?.[2] ?? "65533";
    return this.#makeGroup(name, uid, options);
  }

  #makeGroup(name: string, wanted: number | undefined, options: Options): string {
    const known = this.#group.find(([other]) => other === name);
    if (known !== undefined) return known[2] ?? "0";
    const gid = String(wanted ?? freeId(this.#group, options));
    this.#group.push([name, "x", gid, ""]);
    return gid;
  }

  #join(user: string, group: string): boolean {
    const row = this.#group.find(([name]) => name === group);
    if (row === undefined || !this.#passwd.some(([name]) => name === user)) return false;
    const members = (row[3] ?? "").split(",").filter((name) => name !== "");
    row[3] = [...new Set([...members, user])].join(",");
    return true;
  }
}

function optionsOf(
  words: readonly string[],
  withValue: string,
): { readonly options: Options; readonly names: readonly string[] } {
  const options = new Map<string, string>();
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!/^-\w+$/u.test(word)) {
      names.push(word);
      continue;
    }
    for (const letter of word.slice(1)) {
      options.set(letter, withValue.includes(letter) ? (words[++at] ?? "") : "");
    }
  }
  return { options, names };
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/u.test(text) ? Number(text) : undefined;
}

/** The first that is free of those for system accounts (`-S`), or for people. */
function freeId(rows: readonly (readonly string[])[], options: Options): number {
  const taken = new Set(rows.map((row) => row[2]));
  const [first, last] = options.has("S") ? SYSTEM_IDS : OTHER_IDS;
  for (let id = first; id <= last; id++) if (!taken.has(String(id))) return id;
  return last + 1;
}

function rowsOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(":"));
}

function textOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.join(":")}\n`).join("");
}
