import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Cancellable, decodePath } from "@cooper/archive";
import { EngineError } from "../../errors.ts";
import { addressOf } from "../../graph/dump.ts";
import { findProgram } from "../../host/program.ts";

export interface GitContext extends Cancellable {
  readonly home: string;
  readonly epoch: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A commit, and where it is fetched from. */
export interface CommitPlace {
  readonly url: string;
  readonly commit: string;
  /** Protocols that git may speak to get it, as `GIT_ALLOW_PROTOCOL` has them. */
  readonly protocols: string;
}

export const WEB_PROTOCOLS = "git:http:https:ssh";

/** Runs git in a repository. Rejects with its status, `stderr` with what it said. */
export async function git(
  repository: string,
  args: readonly string[],
  context: GitContext,
  protocols: string = WEB_PROTOCOLS,
): Promise<Buffer> {
  const { stdout } = await promisify(execFile)("git", ["-C", repository, ...args], {
    encoding: "buffer",
    maxBuffer: 2 ** 30,
    env: { ...isolated(context), GIT_ALLOW_PROTOCOL: protocols },
    signal: context.signal,
  });
  return stdout;
}

/**
 * What a commit's file in git-config's form says, by key; keys that come more than once in their order. Undefined:
 * the commit has no such file. `FETCH_FAILED`: it has one that git cannot read.
 */
export async function settingsOf(
  repository: string,
  place: CommitPlace,
  file: string,
  context: GitContext,
): Promise<readonly (readonly [key: string, value: string])[] | undefined> {
  let listing: Buffer;
  try {
    const found = await git(repository, ["ls-tree", place.commit, "--", file], context);
    if (found.length === 0) return undefined;
    listing = await git(repository, ["config", "--blob", `${place.commit}:${file}`, "-z", "--list"], context);
  } catch (error) {
    context.signal?.throwIfAborted();
    // Of a broken file the first line says where, the last one only that.
    throw failed(place, `cannot read its ${file}: ${linesOf(error)[0] ?? ""}`, error);
  }
  const entries = listing.toString("latin1").split("\0").slice(0, -1);
  return entries.map((entry) => {
    const [key = "", ...value] = entry.split("\n");
    return [key, decodePath(Buffer.from(value.join("\n"), "latin1"))];
  });
}

/** git asks nobody for a password, and runs no program that an address names. */
export function isolated({ environment }: GitContext): NodeJS.ProcessEnv {
  const own = Object.entries(environment).filter(
    ([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|LFS_SKIP_SMUDGE)$/.test(name),
  );
  return {
    ...Object.fromEntries(own),
    PATH: environment["PATH"] ?? process.env["PATH"],
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: WEB_PROTOCOLS,
    LC_ALL: "C",
  };
}

/** `PROGRAM_MISSING` */
export function requireOnHost(program: string, why: string, { environment }: GitContext): void {
  if (findProgram(program, environment["PATH"]) !== undefined) return;
  throw new EngineError("PROGRAM_MISSING", `${program} is not on this host${why}`, {
    kind: "host",
    advice: `Install it: apt-get install ${program}`,
  });
}

export function failed({ url, commit }: CommitPlace, what: string, cause: unknown): EngineError {
  return new EngineError("FETCH_FAILED", `commit ${commit} of ${addressOf(url)}: ${what}`, {
    cause,
    fields: { url: addressOf(url), commit },
    advice: "Check the address, the commit, and whether git may read the repository.",
  });
}

/** What git said last. */
export function lastLine(error: unknown): string {
  return linesOf(error).at(-1) ?? "";
}

function linesOf(error: unknown): readonly string[] {
  if (typeof error !== "object" || error === null || !("stderr" in error)) return [String(error)];
  return String(error.stderr).trim().split("\n");
}
