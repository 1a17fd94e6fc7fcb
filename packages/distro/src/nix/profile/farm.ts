import { encodePath, type PathString } from "@cooper/archive";
import type { Found, StoreView } from "./store-view.ts";

/** A part of the symlink farm: a link into the store, or a directory of such. */
export type FarmNode = { readonly type: "link"; readonly target: PathString } | FarmDirectory;

export interface FarmDirectory {
  readonly type: "directory";
  /** By name, sorted by the names' bytes. */
  readonly children: Map<PathString, FarmNode>;
}

/** A package whose files are put together with others'. */
export interface Farmed {
  /** For messages. */
  readonly name: string;
  /** `/nix/store/HASH-NAME` */
  readonly storePath: string;
}

/** Two packages have the same path; the first one's is taken. */
export interface Collision {
  readonly path: PathString;
  readonly taken: string;
  readonly left: string;
}

/** The directories of a package that are put together. */
const FARMED_DIRECTORIES: readonly string[] = ["bin", "etc", "include", "lib", "libexec", "sbin", "share"];

/**
 * The files of several packages under one root, as links (docs/nix.md): the first package that has a
 * path gives it. A directory that only one has is one link; one that several have is a directory with
 * the files of all. The uppermost directories and all below /etc are always directories of their own:
 * whoever runs or extends the image writes there.
 */
export async function linkFarm(
  packages: readonly Farmed[],
  view: StoreView,
  onCollision: (collision: Collision) => void,
): Promise<FarmDirectory> {
  const root: FarmDirectory = { type: "directory", children: new Map() };
  for (const name of FARMED_DIRECTORIES) {
    const sources: Source[] = [];
    for (const { name: package_, storePath } of packages) {
      const link = `${storePath}/${name}`;
      // oxlint-disable-next-line no-await-in-loop
      const found = await view.find(link);
      if (found?.node.type === "directory") sources.push({ package: package_, link, found });
    }
    if (sources.length === 0) continue;
    // oxlint-disable-next-line no-await-in-loop
    root.children.set(name, await merged(name, sources));
  }
  return root;

  async function merged(place: PathString, sources: readonly Source[]): Promise<FarmDirectory> {
    const children = new Map<PathString, FarmNode>();
    for (const name of namesIn(sources)) {
      const here: Source[] = [];
      for (const source of sources) {
        // oxlint-disable-next-line no-await-in-loop
        const child = await childOf(source, name);
        if (child !== undefined) here.push(child);
      }
      // oxlint-disable-next-line no-await-in-loop
      const node = await joined(`${place}/${name}`, here);
      if (node !== undefined) children.set(name, node);
    }
    return { type: "directory", children };
  }

  async function joined(place: PathString, sources: readonly Source[]): Promise<FarmNode | undefined> {
    const [first] = sources;
    if (first === undefined) return undefined;
    const isDirectory = first.found?.node.type === "directory";
    const together: Source[] = [];
    for (const source of sources) {
      const isSame = together.some(({ found }) => found !== undefined && found.path === source.found?.path);
      if (isSame) continue;
      if (together.length === 0 || (isDirectory && source.found?.node.type === "directory"))
        together.push(source);
      else onCollision({ path: `/${place}`, taken: first.package, left: source.package });
    }
    const isOwn = together.length > 1 || place.startsWith("etc/");
    return isDirectory && isOwn ? await merged(place, together) : { type: "link", target: first.link };
  }

  async function childOf(source: Source, name: PathString): Promise<Source | undefined> {
    if (source.found?.node.type !== "directory" || !source.found.node.children.has(name)) return undefined;
    const link = `${source.found.path}/${name}`;
    return { package: source.package, link, found: await view.find(link) };
  }
}

interface Source {
  readonly package: string;
  /** Where a link to it points. */
  readonly link: PathString;
  /** What is there; undefined for a link that leads nowhere, which is kept as it is. */
  readonly found: Found | undefined;
}

function namesIn(sources: readonly Source[]): readonly PathString[] {
  const names = new Set<PathString>();
  for (const { found } of sources) {
    if (found?.node.type === "directory") for (const name of found.node.children.keys()) names.add(name);
  }
  return [...names].toSorted((a, b) => Buffer.compare(encodePath(a), encodePath(b)));
}
