import { spawn } from "node:child_process";
import { ByteSource, decodePath, fromReadable, type TarInput } from "@cooper/archive";
import { EngineError } from "../../errors.ts";
import type { GitOperation } from "../../graph/operation.ts";
import { contentOfPointer, MAX_POINTER, parsePointer } from "./large-files.ts";
import { type GitContext, isolated, requireOnHost, WEB_PROTOCOLS } from "./program.ts";
import { type CommitTree, SUBMODULE, treeOf } from "./tree.ts";

/**
 * The files of a commit as members of a layer: blobs as they are in the repository, with no filter, no
 * change of line ends and no `export-subst`, so that they are the same whoever fetches them. A submodule
 * has the files of its commit; what git-lfs keeps is fetched with it. `PROGRAM_MISSING`, `FETCH_FAILED`
 */
export async function* gitFiles(operation: GitOperation, context: GitContext): AsyncGenerator<TarInput> {
  requireOnHost("git", "", context);
  const { url, commit, directory = "" } = operation;
  const place = { url, commit, protocols: `file:${WEB_PROTOCOLS}` };
  yield* membersOf(await treeOf(place, directory.replace(/^\/+|\/+$/g, ""), context), "", context);
}

/** Kinds of entries in a tree (git's object format); submodules have `SUBMODULE`. */
const DIRECTORY = "040000";
const SYMLINK = "120000";
const EXECUTABLE = "100755";

async function* membersOf(
  { repository, entries, submodules, largeFiles }: CommitTree,
  under: string,
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
    for (const { mode, object, path: name } of entries) {
      const path = `${under}${name}`;
      if (mode === DIRECTORY || mode === SUBMODULE) {
        yield { path, type: "directory", mode: 0o755, mtime };
        const inside = submodules.get(name);
        if (inside !== undefined) yield* membersOf(inside, `${path}/`, context);
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
        const file = { path, type: "file", mode: mode === EXECUTABLE ? 0o755 : 0o644, mtime } as const;
        // oxlint-disable-next-line no-await-in-loop
        const bytes =
          largeFiles !== undefined && size <= MAX_POINTER ? await takeAll(source, size) : undefined;
        const pointer = bytes === undefined ? undefined : parsePointer(bytes);
        if (bytes === undefined) yield { ...file, size, content: () => contentOf(source, size) };
        else if (largeFiles === undefined || pointer === undefined) yield { ...file, bytes };
        else {
          const content = (): AsyncIterable<Buffer> =>
            contentOfPointer(bytes, pointer, name, repository, largeFiles, context);
          yield { ...file, size: pointer.size, content };
        }
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
