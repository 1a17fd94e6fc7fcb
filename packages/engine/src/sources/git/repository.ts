import { createHash } from "node:crypto";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "@cooper/sys";
import { lockPath } from "@cooper/transport";
import { addressOf } from "../../graph/dump.ts";
import { asidePath } from "../../run/asides.ts";
import { type CommitPlace, failed, git, type GitContext, lastLine } from "./program.ts";

/**
 * A repository of Cooper's own that has a commit: it is kept, and asked only for commits that it lacks. Nobody holds
 * it while it is read, since submodules may go round in a circle: a build that runs has marked it as used.
 */
export async function repositoryWith(place: CommitPlace, context: GitContext): Promise<string> {
  const parent = join(context.home, "build", "git");
  const repository = join(parent, createHash("sha256").update(place.url).digest("hex").slice(0, 32));
  makeDirectories(parent);
  const lock = await lockPath(`${repository}.lock`, {
    mode: "exclusive",
    kind: "file",
    signal: context.signal,
  });
  try {
    writeFileSync(`${repository}.lock`, addressOf(place.url)); // what it is, and that it was used now
    await makeRepository(repository, parent, context);
    if (!(await hasCommit(repository, place.commit, context))) await fetchCommit(repository, place, context);
    return repository;
  } finally {
    lock.release();
  }
}

async function makeRepository(repository: string, parent: string, context: GitContext): Promise<void> {
  if (existsSync(repository)) return;
  const aside = asidePath(parent);
  try {
    await git(parent, ["init", "-q", "--bare", aside], context);
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

/** No branch leads to what is fetched, so nothing may clean up. */
const FETCH = ["-c", "gc.auto=0", "fetch", "-q", "--no-tags", "--no-write-fetch-head"];

/** The commit alone where the server gives it, else all that branches and tags lead to. */
async function fetchCommit(repository: string, place: CommitPlace, context: GitContext): Promise<void> {
  const { url, commit, protocols } = place;
  try {
    await git(repository, [...FETCH, "--depth=1", "--", url, commit], context, protocols);
    return;
  } catch {
    context.signal?.throwIfAborted();
  }
  const all = ["+refs/heads/*:refs/of/heads/*", "+refs/tags/*:refs/of/tags/*"];
  try {
    await git(repository, [...FETCH, "--", url, ...all], context, protocols);
  } catch (cause) {
    context.signal?.throwIfAborted();
    throw failed(place, `cannot fetch it: ${lastLine(cause)}`, cause);
  }
  if (await hasCommit(repository, commit, context)) return;
  throw failed(place, "no branch and no tag leads to that commit", undefined);
}
