import { collect, type PathString } from "@cooper/archive";
import type { Cancellable } from "@cooper/archive";
import { packageMembers } from "../package/members.ts";
import type { CheckedPackage } from "../package/fetch.ts";
import type { Claim } from "./ownership.ts";

/** Bytes of one file that is read whole: certificates, lists of applets, a busybox. */
const MAX_FILE = 32 * 2 ** 20;

/** The content of some packages' files, by path; each package is read once. */
export async function readContents(
  claims: readonly Claim[],
  options: Cancellable,
): Promise<ReadonlyMap<PathString, Buffer>> {
  const wanted = new Map<CheckedPackage, Set<PathString>>();
  for (const { owner, file } of claims) {
    const path = file.type === "hardlink" ? (file.linkPath ?? file.path) : file.path;
    if (file.type !== "file" && file.type !== "hardlink") continue;
    wanted.set(owner, (wanted.get(owner) ?? new Set()).add(path));
  }
  const contents = new Map<PathString, Buffer>();
  for (const [owner, paths] of wanted) {
    for await (const member of packageMembers(owner, options)) {
      if (!paths.has(member.path) || member.type !== "file") continue;
      const content = member.bytes ?? member.content?.() ?? Buffer.alloc(0);
      const bytes =
        content instanceof Uint8Array ? Buffer.from(content) : await collect(content, { limit: MAX_FILE });
      contents.set(member.path, bytes);
      paths.delete(member.path);
      if (paths.size === 0) break;
    }
  }
  return contents;
}
