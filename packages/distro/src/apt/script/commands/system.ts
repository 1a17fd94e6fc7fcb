import { dirname } from "node:path/posix";
import type { RootTree } from "../../../rootfs/tree.ts";

/** What scripts change besides files, and what they may ask for. */
export interface System {
  readonly tree: RootTree;
  /** Seconds since 1970, for whatever is written. */
  readonly time: number;
  /** As dpkg calls it: `amd64`. */
  readonly architecture: string;
  readonly diversions: Diversion[];
  readonly alternatives: Map<string, AlternativeGroup>;
  /** What packages would ask, and the answer: debconf's names and values. */
  readonly answers: Map<string, string>;
  /** Lines of `statoverride`: user, group, mode in octal, path. */
  readonly overrides: string[];
}

/** A file that is to be found under another name, as a package asks for it (dpkg-divert(1)). */
export interface Diversion {
  readonly from: string;
  readonly to: string;
  readonly package: string;
}

/** One name that several packages can stand for (update-alternatives(1)). */
export interface AlternativeGroup {
  readonly name: string;
  readonly link: string;
  /** Links that go with it, by name. */
  readonly slaves: Map<string, string>;
  readonly choices: Map<string, AlternativeChoice>;
}

export interface AlternativeChoice {
  readonly priority: number;
  /** What each slave leads to, by the slave's name. */
  readonly slaves: ReadonlyMap<string, string>;
}

/** Writes a file as root would with umask 022; one that is there keeps its owner and mode. */
export function writeFile(
  { tree, time }: System,
  path: string,
  bytes: Buffer,
  mode: number = 0o644,
): boolean {
  const before = tree.find(path);
  if (before === undefined || before.node?.type === "directory") return false;
  const { node } = before;
  const attributes = node?.type === "file" ? node : { mode, uid: 0, gid: 0 };
  tree.set(before.path, {
    type: "file",
    mode: attributes.mode,
    uid: attributes.uid,
    gid: attributes.gid,
    mtime: time,
    content: { bytes },
  });
  return true;
}

/** A symlink in place of whatever is there, with the directories above it. */
export function writeLink({ tree, time }: System, path: string, target: string): void {
  tree.makeDirectory(dirname(path), { mode: 0o755, uid: 0, gid: 0, mtime: time });
  tree.set(path, { type: "symlink", mode: 0o777, uid: 0, gid: 0, mtime: time, target });
}

export interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  /** Every value of an option that may come several times, as `-e`. */
  readonly every: (name: string) => readonly string[];
  readonly operands: readonly string[];
}

/** Options as getopt reads them; those of `withValue` take the next argument, or what follows `=`. */
export function parseOptions(args: readonly string[], withValue: readonly string[] = []): Options {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const given: (readonly [name: string, value: string])[] = [];
  const take = (name: string, value: string): void => {
    values.set(name, value);
    given.push([name, value]);
  };
  const operands: string[] = [];
  const pending = args.toReversed();
  for (let arg = pending.pop(); arg !== undefined; arg = pending.pop()) {
    const [name = "", value] = arg.startsWith("--") ? arg.split(/=(.*)/s) : [arg];
    if (arg === "--") {
      operands.push(...pending.toReversed());
      break;
    } else if (withValue.includes(name)) {
      take(name, value ?? pending.pop() ?? "");
    } else if (arg.startsWith("--")) {
      flags.add(name);
    } else if (/^-[A-Za-z]/.test(arg)) {
      for (const [at, letter] of arg.slice(1).split("").entries()) {
        if (withValue.includes(`-${letter}`)) {
          take(`-${letter}`, arg.slice(at + 2) || (pending.pop() ?? ""));
          break;
        }
        flags.add(`-${letter}`);
      }
    } else {
      operands.push(arg);
    }
  }
  const every = (name: string): readonly string[] =>
    given.filter(([option]) => option === name).map(([, value]) => value);
  return { flags, values, every, operands };
}
