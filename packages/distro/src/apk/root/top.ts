import { type Cancellable, comparePaths, type PathString, type TarInput } from "@cooper/archive";
import { packageMembers } from "../package/members.ts";
import type { CheckedPackage } from "../package/fetch.ts";
import type { PackageFile } from "../package/package-file.ts";
import type { Claim, Ownership } from "./ownership.ts";
import { realPath } from "./root-view.ts";

/** A file or link that belongs to the image as a whole. */
export interface TopFile {
  readonly path: PathString;
  readonly bytes?: Uint8Array | undefined;
  /** A symlink's. */
  readonly target?: string | undefined;
  readonly mode?: number | undefined;
}

/**
 * The top layer's members: what packages disagree about, as it is to be, and the files of the whole.
 * Directories come first, parents before what is in them, as the packages have them, so that no layer
 * says anything else of a directory than its owner does.
 */
export async function* topMembers(
  packages: readonly CheckedPackage[],
  claims: Ownership,
  files: readonly TopFile[],
  created: number,
  options: Cancellable,
): AsyncGenerator<TarInput, void, undefined> {
  const disputed = [...claims.values()].filter(({ isDisputed }) => isDisputed);
  const placed = files.map((file) => ({ ...file, path: realPath(file.path, claims) ?? file.path }));
  yield* directories(
    [...disputed.map(({ file }) => file.path), ...placed.map(({ path }) => path)],
    claims,
    created,
  );
  for (const one of packages) {
    const own = disputed.filter(({ owner, file }) => owner === one && file.type !== "directory");
    if (own.length > 0) yield* restated(one, own, options);
  }
  const mtime = { seconds: created, nanoseconds: 0 };
  for (const { path, bytes, target, mode } of placed.toSorted((a, b) => comparePaths(a.path, b.path))) {
    if (target !== undefined) {
      yield { path, type: "symlink", linkPath: target, mtime };
      continue;
    }
    // A package's file with another content keeps its owner and mode.
    const before = claims.get(path)?.file;
    const access =
      before?.type === "file" ? { uid: before.uid, gid: before.gid, mode: before.mode } : { mode };
    yield { path, type: "file", bytes: bytes ?? new Uint8Array(0), mtime, ...access };
  }
}

/** The directories that some paths lie in, and those among the paths. */
function* directories(
  paths: readonly PathString[],
  claims: Ownership,
  created: number,
): Generator<TarInput, void, undefined> {
  const wanted = new Set<PathString>();
  for (const path of paths) {
    if (claims.get(path)?.file.type === "directory") wanted.add(path);
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      wanted.add(path.slice(0, slash));
    }
  }
  for (const path of [...wanted].toSorted(comparePaths)) {
    const file = claims.get(path)?.file;
    const { mode = 0o755, uid = 0, gid = 0, mtime = created } = file ?? {};
    yield { path, type: "directory", mode, uid, gid, mtime: { seconds: mtime, nanoseconds: 0 } };
  }
}

/** The members of a package that another one has too: those that count. */
async function* restated(
  package_: CheckedPackage,
  claims: readonly Claim[],
  options: Cancellable,
): AsyncGenerator<TarInput, void, undefined> {
  // What is a hard link may not lead to another layer's file: it is written out.
  const outputs = new Map<PathString, PackageFile[]>();
  for (const { file } of claims) {
    const source = file.type === "hardlink" ? (file.linkPath ?? file.path) : file.path;
    outputs.set(source, [...(outputs.get(source) ?? []), file]);
  }
  for await (const member of packageMembers(package_, options)) {
    const [first, ...others] = outputs.get(member.path) ?? [];
    if (first === undefined || member.type === "hardlink") continue;
    const { uid, gid } = first;
    yield { ...member, path: first.path, uid, gid };
    for (const { path } of others)
      yield { ...member, path, uid, gid, type: "hardlink", linkPath: first.path };
  }
}
