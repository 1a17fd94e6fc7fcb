import type { ByteStream, TarInput } from "@cooper/archive";
import { readNar, type ReadNarOptions } from "./reader.ts";

/** The time of every file in a Nix store: one second after 1970 began, since some programs take 0 for none. */
export const STORE_TIME: { readonly seconds: number; readonly nanoseconds: number } = {
  seconds: 1,
  nanoseconds: 0,
};
/** What the members depend on besides the archive: raised when other members come of one. */
export const MEMBERS_VERSION = 1;

/**
 * A store path's archive as members of a tar, with the store's own directories before them. Content
 * goes from one to the other as it comes. A store has no owners, no times and one permission bit.
 */
export async function* narMembers(
  stream: ByteStream,
  directory: string,
  options: ReadNarOptions,
): AsyncGenerator<TarInput, void, undefined> {
  const parents = directory.split("/").slice(1, -1);
  for (const at of parents.keys()) {
    yield { path: parents.slice(0, at + 1).join("/"), type: "directory", mode: 0o755, mtime: STORE_TIME };
  }
  const root = directory.slice(1);
  for await (const { path, type, isExecutable, size, target, bytes, content } of readNar(stream, options)) {
    const place = { path: path === "" ? root : `${root}/${path}`, mtime: STORE_TIME };
    if (type === "directory") yield { ...place, type, mode: 0o555 };
    else if (type === "symlink") yield { ...place, type, mode: 0o777, linkPath: target };
    else yield { ...place, type, mode: isExecutable ? 0o555 : 0o444, size, bytes, content };
  }
}
