import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileFault } from "@cooper/archive";
import type { Context } from "../../ecosystem/context.ts";
import type { LockedRepository, SolvedPackage, Solution } from "../../ecosystem/solution.ts";
import { DistroError } from "../../errors.ts";
import { parseAddress } from "../../fetch/address.ts";
import { type Access, accessTo } from "./access.ts";
import { parseGivenSource } from "./given-sources.ts";
import { type Host, readHost } from "./host.ts";

/** Where a package's file is fetched from. */
export interface PackageAddress {
  readonly url: string;
  readonly access: Access;
}

/** Finds the archives that a solution names on this machine: by the host's sources, or by `repositories`. */
export class Archives {
  readonly #roots: readonly string[];
  readonly #host: Host;

  /** `REPOSITORY_INVALID` */
  constructor(solution: Pick<Solution, "request">, context: Pick<Context, "repositories" | "hostRoot">) {
    this.#host = readHost(context.hostRoot);
    this.#roots =
      context.repositories === undefined
        ? this.#host.sources.map(({ uri }) => resolveMirror(uri, this.#host.root))
        : context.repositories.map((text) => {
            const given = parseGivenSource(text, solution.request.release);
            return given.kind === "index" ? given.root : given.entry.uri;
          });
  }

  /** `REPOSITORY_INVALID` where no source of this machine is that archive. */
  locate(solution: Solution, { path, repository, name }: SolvedPackage): PackageAddress {
    const locked = solution.repositories[repository];
    if (locked === undefined) {
      throw new DistroError("LOCK_INVALID", `${name} is of a repository that the solution does not have`);
    }
    const root = this.#root(locked);
    // In a plain path of this machine a percent sign is one.
    const url = `${root}/${/^[a-z][a-z0-9+.-]*:/i.test(root) ? encode(path) : path}`;
    return { url, access: accessTo(url, this.#host) };
  }

  #root({ path }: LockedRepository): string {
    const found = this.#roots.find((root) => {
      const name = archiveName(root);
      return path === name || path.startsWith(`${name}/`);
    });
    if (found !== undefined) return found.replace(/\/+$/, "");
    throw new DistroError("REPOSITORY_INVALID", `no source of this machine is the archive of ${path}`, {
      advice: "Add it to the sources, or give it with --repository.",
      fields: { repository: path },
    });
  }
}

/** What names an archive on every machine: its path without the mirror's host. */
export function archiveName(root: string): string {
  const address = parseAddress(root);
  if (address.kind === "path") return basename(address.path);
  return address.url.pathname.replace(/^\/+|\/+$/g, "") || "archive";
}

/** `mirror+file:/PATH`: the first address in that file, as cloud images have it. apt-transport-mirror(1) */
export function resolveMirror(uri: string, root: string): string {
  const [, path] = /^mirror\+file:(?:\/\/)?(\/.*)$/.exec(uri) ?? [];
  if (path === undefined) return uri;
  let text: string;
  try {
    text = readFileSync(join(root, path), "utf8");
  } catch (error) {
    throw fileFault("read", join(root, path), error);
  }
  const first = text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/)[0] ?? "")
    .find((word) => word !== "");
  if (first !== undefined) return first;
  throw new DistroError("REPOSITORY_INVALID", `${path} names no mirror`);
}

/** A version's `:` and `+` stay as they are; what would end the path does not. */
function encode(path: string): string {
  return path.replaceAll("%", "%25").replaceAll("?", "%3F").replaceAll("#", "%23");
}
