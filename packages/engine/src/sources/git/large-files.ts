import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { fromReadable } from "@cooper/archive";
import {
  type CommitPlace,
  failed,
  git,
  type GitContext,
  isolated,
  lastLine,
  requireOnHost,
  settingsOf,
} from "./program.ts";

/** Where the content of a commit's large files lies. */
export interface LargeFiles {
  readonly place: CommitPlace;
  /** Settings of git-lfs for it. */
  readonly settings: readonly string[];
}

/** What stands in a commit for a large file (git-lfs's specification, "The Pointer"). */
export interface Pointer {
  readonly sha256: string;
  readonly size: number;
}

/** Bytes that a pointer has at the most. */
export const MAX_POINTER = 1024;

export function parsePointer(content: Buffer): Pointer | undefined {
  const text = content.toString("latin1");
  const [, sha256, size] =
    /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:[a-z0-9.-]+ .*\n)*?oid sha256:([0-9a-f]{64})\nsize (\d+)\n$/.exec(
      text,
    ) ?? [];
  return sha256 === undefined ? undefined : { sha256, size: Number(size) };
}

/** Whether a commit gives any files to git-lfs. Undefined where it does not: then what looks like a pointer is a file. */
export async function largeFilesOf(
  repository: string,
  place: CommitPlace,
  context: GitContext,
): Promise<LargeFiles | undefined> {
  const attributes = [":(glob)**/.gitattributes"];
  try {
    await git(repository, ["grep", "-q", "-F", "filter=lfs", place.commit, "--", ...attributes], context);
  } catch (error) {
    context.signal?.throwIfAborted();
    // What else goes wrong must not leave pointers in an image.
    if (!foundNothing(error)) throw failed(place, `cannot read its attributes: ${lastLine(error)}`, error);
    return undefined;
  }
  const own = await ownServer(repository, place, context);
  return {
    place,
    settings: [
      "-c",
      `remote.origin.url=${place.url}`,
      ...(own === undefined ? [] : ["-c", `lfs.url=${own}`]),
    ],
  };
}

/** git-grep(1) ends with 1 where no line matches. */
function foundNothing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === 1;
}

/** A server that the commit's `.lfsconfig` names: of the web alone, as submodules. `FETCH_FAILED` */
async function ownServer(
  repository: string,
  place: CommitPlace,
  context: GitContext,
): Promise<string | undefined> {
  const settings = await settingsOf(repository, place, ".lfsconfig", context);
  const url = settings?.findLast(([key]) => key === "lfs.url")?.[1];
  return url !== undefined && /^https?:/.test(url) ? url : undefined;
}

/**
 * The content that a pointer stands for, by git-lfs, checked: so that the commit names it. `PROGRAM_MISSING`,
 * `FETCH_FAILED`
 */
export async function* contentOfPointer(
  pointer: Buffer,
  { sha256, size }: Pointer,
  path: string,
  repository: string,
  { place, settings }: LargeFiles,
  context: GitContext,
): AsyncGenerator<Buffer> {
  requireOnHost("git-lfs", `, and commit ${place.commit} keeps ${path} with it`, context);
  const child = spawn("git", ["-C", repository, ...settings, "lfs", "smudge", "--", path], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...isolated(context), GIT_ALLOW_PROTOCOL: place.protocols },
    signal: context.signal,
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", resolve);
    child.on("error", () => resolve(null));
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4096)));
  child.stdin.on("error", () => {}); // it is seen as an end that comes too soon
  child.stdin.end(pointer);
  const hash = createHash("sha256");
  let length = 0;
  try {
    for await (const chunk of fromReadable(child.stdout)) {
      const bytes = Buffer.from(chunk);
      hash.update(bytes);
      length += bytes.length;
      if (length > size) break;
      yield bytes;
    }
  } finally {
    if (length > size) child.kill();
  }
  await ended;
  context.signal?.throwIfAborted();
  if (length === size && hash.digest("hex") === sha256) return;
  const why = said.trim().split("\n").at(-1) || "what it gives is not what the commit names";
  throw failed(place, `git-lfs does not give ${path}: ${why}`, undefined);
}
