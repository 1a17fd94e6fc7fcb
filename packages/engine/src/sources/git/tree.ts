import { decodePath } from "@cooper/archive";
import { type CommitPlace, failed, git, type GitContext } from "./program.ts";
import { largeFilesOf, type LargeFiles } from "./large-files.ts";
import { repositoryWith } from "./repository.ts";
import { submodulesOf } from "./submodules.ts";

/** What a commit has, fetched. */
export interface CommitTree {
  readonly repository: string;
  readonly entries: readonly TreeEntry[];
  /** What submodules have, by their paths. */
  readonly submodules: ReadonlyMap<string, CommitTree>;
  /** Where files lie of which the commit has pointers; undefined where it has none. */
  readonly largeFiles: LargeFiles | undefined;
}

export interface TreeEntry {
  readonly mode: string;
  readonly object: string;
  readonly path: string;
}

/** The kind of an entry that is a commit of another repository (git's object format). */
export const SUBMODULE = "160000";

/** Submodules in submodules. A commit cannot hold itself, but a chain may be as long as somebody likes. */
const MAX_NESTING = 16;

/** Fetches a commit and those of its submodules; `directory`: only what is in there. `FETCH_FAILED` */
export async function treeOf(
  place: CommitPlace,
  directory: string,
  context: GitContext,
  nesting = 0,
): Promise<CommitTree> {
  if (nesting > MAX_NESTING) throw failed(place, `it is the ${nesting}th submodule in another`, undefined);
  const repository = await repositoryWith(place, context);
  const entries = await listTree(repository, place, directory, context);
  const submodules = new Map<string, CommitTree>();
  const modules = entries.filter(({ mode }) => mode === SUBMODULE);
  const places = modules.length === 0 ? undefined : await submodulesOf(repository, place, context);
  for (const { path, object } of modules) {
    const from = places?.get(directory === "" ? path : `${directory}/${path}`);
    if (from === undefined) continue;
    const { url, protocols } = from;
    // oxlint-disable-next-line no-await-in-loop -- one may be of the repository that another one is of
    submodules.set(path, await treeOf({ url, protocols, commit: object }, "", context, nesting + 1));
  }
  return { repository, entries, submodules, largeFiles: await largeFilesOf(repository, place, context) };
}

async function listTree(
  repository: string,
  place: CommitPlace,
  directory: string,
  context: GitContext,
): Promise<readonly TreeEntry[]> {
  const tree = `${place.commit}:${directory}`;
  let listing: Buffer;
  try {
    listing = await git(repository, ["ls-tree", "-r", "-t", "-z", "--full-tree", tree], context);
  } catch (cause) {
    context.signal?.throwIfAborted();
    throw failed(place, `it has no directory ${directory}`, cause);
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
        throw failed(place, `it has a file with the path ${JSON.stringify(path)}`, undefined);
      }
      return { mode, object, path };
    });
}
