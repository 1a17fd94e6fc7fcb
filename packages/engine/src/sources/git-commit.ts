import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ByteSource, type Cancellable, decodePath, fromReadable, type TarInput } from "@cooper/archive";
import { lockPath } from "@cooper/transport";
import { EngineError } from "../errors.ts";
import { addressOf } from "../graph/dump.ts";
import type { GitOperation } from "../graph/operation.ts";
import { findProgram } from "../host/program.ts";
import { asidePath } from "../run/asides.ts";

interface GitContext extends Cancellable {
  readonly home: string;
  readonly epoch: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The files of a commit as members of a layer: blobs as they are in the repository, with no filter, no
 * change of line ends and no `export-subst`, so that they are the same whoever fetches them. A submodule
 * is an empty directory. The repository is kept, and asked only for commits that it lacks.
 * `PROGRAM_MISSING`, `FETCH_FAILED`
 */
export async function* gitFiles(operation: GitOperation, context: GitContext): AsyncGenerator<TarInput> {
  const { commit, directory = "" } = operation;
  if (findProgram("git") === undefined) {
    throw new EngineError("PROGRAM_MISSING", "git is not on this host", {
      kind: "host",
      advice: "Install it: apt-get install git",
    });
  }
  const parent = join(context.home, "build", "git");
  const repository = join(parent, createHash("sha256").update(operation.url).digest("hex").slice(0, 32));
  mkdirSync(parent, { recursive: true });
  const lock = await lockPath(`${repository}.lock`, {
    mode: "exclusive",
    kind: "file",
    signal: context.signal,
  });
  try {
    writeFileSync(`${repository}.lock`, addressOf(operation.url)); // what it is, and that it was used now
    await makeRepository(repository, parent, context);
    if (!(await hasCommit(repository, commit, context))) await fetchCommit(repository, operation, context);
    const tree = `${commit}:${directory.replace(/^\/+|\/+$/g, "")}`;
    yield* membersOf(await listTree(repository, tree, operation, context), repository, context);
  } finally {
    lock.release();
  }
}

async function makeRepository(repository: string, parent: string, context: GitContext): Promise<void> {
  if (existsSync(repository)) return;
  const aside = asidePath(parent);
  try {
    await git(aside, ["init", "-q", "--bare", aside], context);
    renameSync(aside, repository);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function hasCommit(repository: string, commit: string, context: GitContext): Promise<boolean> {
  try {
    await git(repository, ["cat-file", "-e", `${commit}^{commit}`], context);
    return true;
  } catch {
    context.signal?.throwIfAborted();
    return false;
  }
}

/** The commit alone where the server gives it, else all that branches and tags lead to. */
async function fetchCommit(repository: string, operation: GitOperation, context: GitContext): Promise<void> {
  const { url, commit } = operation;
  const fetch = ["fetch", "-q", "--no-tags", "--no-write-fetch-head"];
  try {
    await git(repository, [...fetch, "--depth=1", "--", url, commit], context);
    return;
  } catch {
    context.signal?.throwIfAborted();
  }
  try {
    await git(
      repository,
      [...fetch, "--", url, "+refs/heads/*:refs/of/heads/*", "+refs/tags/*:refs/of/tags/*"],
      context,
    );
  } catch (cause) {
    context.signal?.throwIfAborted();
    throw failed(operation, `cannot fetch it: ${lastLine(cause)}`, cause);
  }
  if (await hasCommit(repository, commit, context)) return;
  throw failed(operation, "no branch and no tag leads to that commit", undefined);
}

interface TreeEntry {
  readonly mode: string;
  readonly object: string;
  readonly path: string;
}

async function listTree(
  repository: string,
  tree: string,
  operation: GitOperation,
  context: GitContext,
): Promise<readonly TreeEntry[]> {
  let listing: Buffer;
  try {
    listing = await git(repository, ["ls-tree", "-r", "-t", "-z", "--full-tree", tree], context);
  } catch (cause) {
    context.signal?.throwIfAborted();
    throw failed(operation, `it has no directory ${operation.directory ?? ""}`, cause);
  }
  // Latin-1 keeps the bytes apart, whatever the encoding of names is.
  return listing
    .toString("latin1")
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const tab = line.indexOf("\t");
      const [mode = "", , object = ""] = line.slice(0, tab).split(" ");
      const path = decodePath(Buffer.from(line.slice(tab + 1), "latin1"));
      if (path.split("/").some((name) => name === "" || name === "." || name === "..")) {
        throw failed(operation, `it has a file with the path ${JSON.stringify(path)}`, undefined);
      }
      return { mode, object, path };
    });
}

/** Kinds of entries in a tree (git's object format). */
const DIRECTORY = "040000";
const SYMLINK = "120000";
const SUBMODULE = "160000";
const EXECUTABLE = "100755";

async function* membersOf(
  entries: readonly TreeEntry[],
  repository: string,
  context: GitContext,
): AsyncGenerator<TarInput> {
  const child = spawn("git", ["-C", repository, "cat-file", "--batch"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: isolated(context),
    signal: context.signal,
  });
  child.on("error", () => {}); // it is seen as an end that comes too soon
  child.stdin.on("error", () => {});
  const source = new ByteSource(fromReadable(child.stdout), { maxBytes: Infinity, signal: context.signal });
  const mtime = { seconds: context.epoch, nanoseconds: 0 };
  try {
    for (const { mode, object, path } of entries) {
      if (mode === DIRECTORY || mode === SUBMODULE) {
        yield { path, type: "directory", mode: 0o755, mtime };
        continue;
      }
      child.stdin.write(`${object}\n`);
      // oxlint-disable-next-line no-await-in-loop -- one object after the other
      const size = await sizeOf(source, object);
      if (mode === SYMLINK) {
        // oxlint-disable-next-line no-await-in-loop
        const target = await takeAll(source, size);
        yield { path, type: "symlink", linkPath: decodePath(target), mtime };
      } else {
        const bits = mode === EXECUTABLE ? 0o755 : 0o644;
        yield { path, type: "file", mode: bits, mtime, size, content: () => contentOf(source, size) };
      }
      // oxlint-disable-next-line no-await-in-loop -- the line's end after each object
      await takeAll(source, 1);
    }
  } finally {
    child.kill();
  }
}

/** `OBJECT blob SIZE` and a line's end. */
async function sizeOf(source: ByteSource, object: string): Promise<number> {
  let line = "";
  while (!line.endsWith("\n")) line += (await takeAll(source, 1)).toString("latin1");
  const size = /^[0-9a-f]+ blob (\d+)\n$/.exec(line)?.[1];
  if (size === undefined)
    throw new EngineError("FETCH_FAILED", `git does not give the object ${object}: ${line.trim()}`);
  return Number(size);
}

async function takeAll(source: ByteSource, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of contentOf(source, length)) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

async function* contentOf(source: ByteSource, size: number): AsyncGenerator<Buffer> {
  for (let left = size; left > 0;) {
    // oxlint-disable-next-line no-await-in-loop
    if (source.available === 0 && !(await source.more())) {
      throw new EngineError("FETCH_FAILED", "git ended before it had given all files of the commit");
    }
    const part = source.takeSome(left);
    left -= part.length;
    yield part;
  }
}

async function git(repository: string, args: readonly string[], context: GitContext): Promise<Buffer> {
  const place = args[0] === "init" ? [] : ["-C", repository];
  const { stdout } = await promisify(execFile)("git", [...place, ...args], {
    encoding: "buffer",
    maxBuffer: 2 ** 30,
    env: isolated(context),
    signal: context.signal,
  });
  return stdout;
}

/** git asks nobody for a password, and runs no program that an address names. */
function isolated({ environment }: GitContext): NodeJS.ProcessEnv {
  const own = Object.entries(environment).filter(
    ([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY)$/.test(name),
  );
  return {
    ...Object.fromEntries(own),
    PATH: environment["PATH"] ?? process.env["PATH"],
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "file:git:http:https:ssh",
    LC_ALL: "C",
  };
}

function failed({ url, commit }: GitOperation, what: string, cause: unknown): EngineError {
  return new EngineError("FETCH_FAILED", `commit ${commit} of ${addressOf(url)}: ${what}`, {
    cause,
    fields: { url: addressOf(url), commit },
    advice: "Check the address, the commit, and whether git may read the repository.",
  });
}

function lastLine(error: unknown): string {
  if (typeof error !== "object" || error === null || !("stderr" in error)) return String(error);
  return String(error.stderr).trim().split("\n").at(-1) ?? "";
}
