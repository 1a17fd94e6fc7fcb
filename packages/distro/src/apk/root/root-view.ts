import type { PathString } from "@cooper/archive";
import type { Claim, Ownership } from "./ownership.ts";

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Where a path really lies once the packages' links are followed, all but its last part: `lib/apk` is
 * `usr/lib/apk` where `lib` is a link. Undefined where the links go in a circle.
 */
export function realPath(path: PathString, claims: Ownership): PathString | undefined {
  const rest = path.split("/").filter((part) => part !== "");
  const done: string[] = [];
  for (let links = 0; rest.length > 0;) {
    const part = rest.shift() ?? "";
    if (part === "." || part === "..") {
      if (part === "..") done.pop();
      continue;
    }
    done.push(part);
    const file = claims.get(done.join("/"))?.file;
    if (rest.length === 0 || file?.type !== "symlink") continue;
    if (++links > MAX_LINKS) return undefined;
    const target = file.linkPath ?? "";
    if (target.startsWith("/")) done.length = 0;
    else done.pop();
    rest.unshift(...target.split("/").filter((step) => step !== ""));
  }
  return done.join("/");
}

/** What lies at a path, links in its directories followed. */
export function findFile(path: PathString, claims: Ownership): Claim | undefined {
  const real = realPath(path, claims);
  return real === undefined ? undefined : claims.get(real);
}
