import { open } from "node:fs/promises";
import { type Cancellable, type TarInput, writeStream, writeTar } from "@cooper/archive";
import type { Cache } from "../../cache/cache.ts";
import { APT_CONTENT_VERSION, layoutMembers } from "./content.ts";
import type { DebFile } from "./deb.ts";

export interface ContentOptions extends Cancellable {
  /** Is told each path as the package has it, if the content was not in the cache before. */
  readonly listed?: (path: string) => void;
  /** Sees the members on their way, if the content was not in the cache before. */
  readonly along?: (members: AsyncIterable<TarInput>) => AsyncIterable<TarInput>;
}

/**
 * The package's members as a tar that is not compressed, by its path in the cache: unpacking xz is most
 * of the work, and both what is learned and the layer come from it. `PACKAGE_INVALID`
 */
export async function packageContent(
  file: DebFile,
  key: string,
  cache: Cache,
  { listed = () => {}, along = (members) => members, ...options }: ContentOptions = {},
): Promise<string> {
  return await cache.derived(
    "apt-content",
    `${APT_CONTENT_VERSION}:${key}`,
    async (aside, making) => {
      const handle = await open(aside, "w");
      try {
        await writeStream(handle, writeTar(along(layoutMembers(file, listed, making)), making), making);
      } finally {
        await handle.close();
      }
    },
    options,
  );
}
