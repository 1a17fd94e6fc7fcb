import type { PathString } from "@cooper/archive";
import type { Claim, Ownership } from "./ownership.ts";

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** What there is at a path, its links not followed. */
type LookUp = (
  path: PathString,
) => { readonly type: string; readonly linkPath?: string | undefined } | undefined;

/**
 * Where a path really lies once the links in it are followed, all but its last part: `lib/apk` is
 * `usr/lib/apk` where `lib` is a link. Undefined where the links go in a circle.
 */
export function realPath(path: PathString, lookUp: LookUp): PathString | undefined {
  const rest = path.split("/").filter((part) => part !== "");
  const done: string[] = [];
  for (let links = 0; rest.length > 0;) {
    const part = rest.shift() ?? "";
    if (part === "." || part === "..") {
      if (part === "..") done.pop();
      continue;
    }
    done.push(part);
    const file = lookUp(done.join("/"));
    if (rest.length === 0 || file?.type !== "symlink") continue;
    if (++links > MAX_LINKS) return undefined;
    const target = file.linkPath ?? "";
    if (target.startsWith("/")) done.length = 0;
    else done.pop();
    rest.unshift(...target.split("/").filter((step) => step !== ""));
  }
  return done.join("/");
}

/** What the packages have at a path, links in its directories followed. */
export function findFile(path: PathString, claims: Ownership): Claim | undefined {
  const real = realPath(path, (at) => claims.get(at)?.file);
  return real === undefined ? undefined : claims.get(real);
}
