import type { Cancellable, TarInput } from "@cooper/archive";
import type { PackageContent } from "../ecosystem/ecosystem.ts";
import type { SolvedPackage } from "../ecosystem/solution.ts";
import { DistroError } from "../errors.ts";
import { type Inspection, kindOf } from "./inspection.ts";
import { ROOT } from "./place.ts";
import { readTarball, type Tarball } from "./tarball.ts";

/** Raised when the members of the same tarball come out otherwise. */
const VERSION = 1;

/** A package of npm at its place in the image, as its tarball has it: root's, 644 or 755, links left out. */
export function packageContent(
  solved: SolvedPackage,
  { root, place }: { readonly root: string; readonly place: string },
  tarball: Tarball,
  inspection: Inspection,
): PackageContent {
  const at = `${root}/${place}`;
  const replaced = new Set(inspection.replaced);
  const commands = new Set(Object.values(inspection.bins));
  async function* members(options: Cancellable): AsyncIterable<TarInput> {
    const directories = new Directories(at);
    yield* directories.to("");
    for await (const { path, member, index } of readTarball(tarball, options)) {
      const kind = kindOf(member.type);
      if (kind === undefined || replaced.has(index)) continue;
      if (kind === "directory") {
        yield* directories.to(path);
        continue;
      }
      yield* directories.to(path.slice(0, Math.max(path.lastIndexOf("/"), 0)));
      yield {
        path: `${at}/${path}`,
        type: "file",
        mode: (member.mode & 0o111) !== 0 || commands.has(path) ? 0o755 : 0o644,
        mtime: { seconds: Math.max(member.mtime.seconds, 0), nanoseconds: 0 },
        size: member.size,
        bytes: member.bytes,
        content: member.content,
      };
    }
  }
  return { package: solved, key: `npm ${VERSION} ${solved.checksum} ${root === ROOT ? place : at}`, members };
}

/** Node without what only building with it needs: the program, and what its license asks for. */
export function runtimeContent(solved: SolvedPackage, tarball: Tarball): PackageContent {
  async function* members(options: Cancellable): AsyncIterable<TarInput> {
    const wanted = new Map<string, TarInput>([
      ["bin/node", { path: NODE, type: "file", mode: 0o755 }],
      ["LICENSE", { path: "usr/local/share/doc/node/LICENSE", type: "file", mode: 0o644 }],
    ]);
    const directories = new Directories("usr/local");
    yield* directories.to("bin");
    yield* directories.to("share/doc/node");
    let found = false;
    for await (const { path, member } of readTarball(tarball, options)) {
      const input = wanted.get(path);
      if (input === undefined || member.type !== "file") continue;
      wanted.delete(path);
      found ||= path === "bin/node";
      const { size, bytes, content } = member;
      const mtime = { seconds: Math.max(member.mtime.seconds, 0), nanoseconds: 0 };
      yield { ...input, mtime, size, bytes, content };
    }
    if (!found) {
      throw new DistroError("PACKAGE_INVALID", `${tarball.label} has no bin/node`, {
        fields: { package: tarball.label },
      });
    }
  }
  return { package: solved, key: `npm-runtime ${VERSION} ${solved.checksum}`, members };
}

/** Where Node is in the image. */
export const NODE = "usr/local/bin/node";

/** Gives each directory once, after the one that it is in. All alike, so that layers agree on them. */
class Directories {
  readonly #root: string;
  readonly #given = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  *to(path: string): Iterable<TarInput> {
    const parts = `${this.#root}/${path}`.split("/").filter((part) => part !== "");
    for (const [index] of parts.entries()) {
      const directory = parts.slice(0, index + 1).join("/");
      if (this.#given.has(directory)) continue;
      this.#given.add(directory);
      yield { path: directory, type: "directory", mode: 0o755 };
    }
  }
}
