import { statSync } from "node:fs";
import { join, posix } from "node:path";
import { type Cancellable, encodePath, readFileStream, type TarInput, verified } from "@cooper/archive";
import { EngineError } from "../errors.ts";
import type { LocalFile } from "../files/local-files.ts";
import { Patterns } from "../files/patterns.ts";
import type { PathCopy } from "../graph/operation.ts";

/** The files of the host that one copy takes, by their path in its source. */
export interface ChosenFiles {
  readonly copy: PathCopy;
  readonly files: readonly LocalFile[];
}

/** What of a directory's files a copy takes. `SOURCE_MISSING` */
export function chooseFiles(copy: PathCopy, files: readonly LocalFile[], name: string): ChosenFiles {
  const source = clean(copy.source);
  const include = copy.include === undefined ? undefined : new Patterns(copy.include);
  const exclude = new Patterns(copy.exclude ?? []);
  const chosen = files.flatMap((file): readonly LocalFile[] => {
    const path = below(source, file.path);
    if (path === undefined) return [];
    if (path !== "" && include !== undefined && !include.has(path)) return [];
    return path !== "" && exclude.has(path) ? [] : [{ ...file, path }];
  });
  if (chosen.length > 0 || source === "") return { copy, files: chosen };
  throw new EngineError("SOURCE_MISSING", `there is no ${copy.source} in ${name}`, {
    fields: { path: copy.source },
    advice: "Check the path, and that .dockerignore and .cooperignore do not leave it out.",
  });
}

/** The members of a layer of files of the host: content as it was when it was hashed, all of one time. */
export function* copyLocal(
  chosen: readonly ChosenFiles[],
  options: Cancellable & { readonly root: string; readonly epoch: number },
): Generator<TarInput> {
  const mtime = { seconds: options.epoch, nanoseconds: 0 };
  for (const { copy, files } of chosen) {
    const { uid = 0, gid = 0 } = copy.owner ?? {};
    for (const file of files) {
      const path = posix.join(clean(copy.target), file.path);
      if (path === "" || path === ".") continue;
      const common = { path, mode: modeOf(copy, file.mode), uid, gid, mtime };
      if (file.type === "directory") yield { ...common, type: "directory" };
      else if (file.type === "symlink") yield { ...common, type: "symlink", linkPath: file.content };
      else {
        const absolute = encodePath(join(options.root, clean(copy.source), file.path));
        const { size } = statSync(absolute);
        yield {
          ...common,
          type: "file",
          size,
          // A file that was written to since it was hashed would be kept under the wrong key.
          content: () =>
            verified(readFileStream(absolute, options), { digest: `sha256:${file.content}`, size }),
        };
      }
    }
  }
}

/** The permission bits that a copy gives what has these. */
export function modeOf({ modes }: PathCopy, mode: number): number {
  if (modes === undefined) return mode;
  const readable = (mode & 0o400) === 0 ? 0 : 0o444;
  const runnable = (mode & 0o100) === 0 ? 0 : 0o111;
  const writable = (mode & 0o002) === 0 ? mode & 0o200 : mode & 0o222;
  return (mode & ~0o777) | readable | runnable | writable;
}

/** A path without `.`, and without slashes at its ends; the root is empty. */
export function clean(path: string): string {
  const joined = posix.join("/", path).replace(/^\/+|\/+$/g, "");
  return joined;
}

/** The path under a directory; empty for the directory or file itself; undefined for what lies elsewhere. */
export function below(directory: string, path: string): string | undefined {
  if (directory === "") return path;
  if (path === directory) return "";
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
}
