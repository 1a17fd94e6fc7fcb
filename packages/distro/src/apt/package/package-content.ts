import { type Cancellable, writeNewFile, writeTar } from "@cooper/archive";
import type { Cache } from "../../cache/cache.ts";
import { APT_CONTENT_VERSION, layoutMembers } from "./content.ts";
import type { DebFile } from "./deb.ts";

/**
 * The package's members as a tar that is not compressed, by its path in the cache: for whoever wants some
 * bytes out of it, where they are as `packageFacts` says. `PACKAGE_INVALID`
 */
export async function packageContent(
  file: DebFile,
  key: string,
  cache: Cache,
  options: Cancellable,
): Promise<string> {
  return await cache.derived(
    "apt-content",
    `${APT_CONTENT_VERSION}:${key}`,
    async (aside, making) => {
      await writeNewFile(
        aside,
        writeTar(
          layoutMembers(file, () => {}, making),
          making,
        ),
        making,
      );
    },
    options,
  );
}
