import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Source } from "./source.ts";

/** Where a source comes from and how old it is, as far as that is known. */
export interface Origin {
  /** Seconds since 1970: its commit's where nothing was changed since, else its newest file's. */
  readonly seconds: number;
  /** The commit, where nothing was changed since. */
  readonly revision?: string | undefined;
  /** That commit's tag; of several the highest. */
  readonly version?: string | undefined;
  /** The page of its repository. */
  readonly address?: string | undefined;
}

/**
 * What git says of a source: of its own directory alone, so that a commit that changes something beside
 * it changes no image. Without git, a commit or a clean tree, the time is the newest file's.
 */
export async function originOf({ directory, newest }: Source): Promise<Origin> {
  const git = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)("git", [...HARMLESS, "-C", directory, ...args], {
      env: environment(),
    });
    return stdout.trim();
  };
  try {
    if (!mayBeOfGit(directory)) return { seconds: newest };
    const [commit, changes, remote] = await Promise.all([
      git("log", "-1", "--format=%H %ct", "--", "."),
      git("status", "--porcelain", "--", "."),
      git("config", "--get", "remote.origin.url").catch(() => ""), // a repository without one
    ]);
    const address = pageOf(remote);
    const [revision = "", time] = commit.split(" ");
    if (changes !== "" || revision === "") return { seconds: newest, address };
    const [version] = (await git("tag", "--points-at", revision, "--sort=-version:refname")).split("\n");
    return {
      seconds: Number(time),
      revision,
      version: version === "" ? undefined : version,
      address,
    };
  } catch {
    return { seconds: newest }; // no git, or nothing committed yet
  }
}

/**
 * Whether git can find a repository: it goes up until a directory has `.git` or is one without a work
 * tree, which has `HEAD` (gitrepository-layout(5)). Three processes that find none take longer than all else.
 */
function mayBeOfGit(directory: string): boolean {
  for (let place = realpathSync(directory); ; place = dirname(place)) {
    if (existsSync(join(place, ".git")) || existsSync(join(place, "HEAD"))) return true;
    if (place === dirname(place)) return false;
  }
}

/** A repository's settings may name programs that git is to run, and a source is anybody's. */
const HARMLESS = [
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "log.showSignature=false",
];

/** Without what is meant for another repository, as in a hook. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  return { ...Object.fromEntries(entries), LC_ALL: "C" };
}

/** A remote's page on the web, without names and passwords. Undefined for a remote that is on no web. */
export function pageOf(remote: string): string | undefined {
  const [, host, path] = /^(?:[^@/:]+@)([^:/]+):(?!\/)(.+)$/.exec(remote) ?? [];
  if (host !== undefined && path !== undefined) return `https://${host}/${withoutEnd(path)}`;
  if (!URL.canParse(remote)) return undefined;
  const url = new URL(remote);
  if (!/^(https?|ssh|git):$/.test(url.protocol) || url.hostname === "") return undefined;
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return `${isWeb ? url.protocol : "https:"}//${isWeb ? url.host : url.hostname}${withoutEnd(url.pathname)}`;
}

function withoutEnd(path: string): string {
  return path.replace(/(\.git)?\/*$/, "");
}
