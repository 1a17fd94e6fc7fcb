import { type Cancellable, readFileStream, type TarInput } from "@cooper/archive";
import type { RunConfig } from "@cooper/oci";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly, PackageContent } from "../ecosystem/ecosystem.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { inParallel } from "../fetch/in-parallel.ts";
import { demandOf } from "./attribute/request.ts";
import { NarFetcher } from "./cache/fetch-nar.ts";
import { type SolvedPath, solvedPath } from "./details.ts";
import { MEMBERS_VERSION, narMembers, STORE_TIME } from "./nar/members.ts";
import { type Collision, type FarmDirectory, type FarmNode, linkFarm } from "./profile/farm.ts";
import { readTree } from "./profile/store-tree.ts";
import { StoreView } from "./profile/store-view.ts";
import { CA_BUNDLE, topMembers } from "./profile/top.ts";

/** Archives that are fetched and checked at a time. */
const PARALLEL = 6;

/** A store path whose archive is in the cache. */
interface Stored {
  readonly solved: SolvedPath;
  /** Of its archive in Cooper's cache. */
  readonly file: string;
}

/**
 * The image of a closure: each store path as it is, and links from /bin and its like to what was asked
 * for. `LOCK_INVALID`, `PACKAGE_INVALID`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, and what fetching throws
 */
export async function assemble(solution: Solution, context: Context): Promise<Assembly> {
  const fetcher = new NarFetcher(context);
  const stored = await inParallel(
    solution.packages.map(solvedPath),
    PARALLEL,
    async (solved, cancel) => ({ solved, file: await fetcher.fetch(solved, { ...context, ...cancel }) }),
    context,
  );
  const view = new StoreView(async (base) => {
    const found = stored.find(({ solved }) => solved.path.base === base);
    return found === undefined
      ? undefined
      : await readTree(readFileStream(found.file, context), narOptions(found, context));
  });
  const roots = rootsOf(stored);
  const collisions: Collision[] = [];
  const farm = await linkFarm(
    roots.map(({ solved: { root, storePath } }) => ({ name: root?.attribute ?? storePath, storePath })),
    view,
    (collision) => collisions.push(collision),
  );
  warn(collisions, context);
  const paths = stored.map(({ solved }) => solved);
  const members = topMembers({ farm, env: await envOf(farm, stored, view), paths });
  return {
    packages: stored.map((one) => contentOf(one)),
    whole: async () => ({
      async *top(): AsyncIterable<TarInput> {
        yield* members;
      },
      run: runConfig(solution, farm, roots),
      created: STORE_TIME.seconds,
    }),
  };
}

/** What was asked for and what is always added, in that order. */
function rootsOf(stored: readonly Stored[]): readonly Stored[] {
  const order = ({ solved: { root } }: Stored): number => root?.order ?? 0;
  return stored.filter(({ solved }) => solved.root !== undefined).toSorted((a, b) => order(a) - order(b));
}

function contentOf(stored: Stored): PackageContent {
  const { solved, file } = stored;
  return {
    package: solved.package,
    key: `nix ${MEMBERS_VERSION} ${solved.storePath} ${solved.narHash}`,
    members: (cancel) =>
      narMembers(readFileStream(file, cancel), solved.storePath, narOptions(stored, cancel)),
  };
}

function narOptions({ solved }: Stored, { signal }: Cancellable): Parameters<typeof narMembers>[2] {
  return { subject: solved.path.name, size: solved.narSize, signal };
}

/** `/usr/bin/env`, by which most scripts find what runs them: of what was asked for, or else of the closure's coreutils. */
async function envOf(
  farm: FarmDirectory,
  stored: readonly Stored[],
  view: StoreView,
): Promise<string | undefined> {
  if (hasProgram(farm, "env")) return "/bin/env";
  for (const { solved } of stored) {
    const path = `${solved.storePath}/bin/env`;
    // oxlint-disable-next-line no-await-in-loop
    if (solved.package.origin === "coreutils" && (await view.find(path))?.node.type === "file") return path;
  }
  return undefined;
}

function runConfig(solution: Solution, farm: FarmDirectory, roots: readonly Stored[]): RunConfig {
  const { hasShell } = demandOf(solution.request, solution.platform);
  const { attribute = "", program = "" } = roots[0]?.solved.root ?? {};
  const name = program === "" ? attribute.slice(attribute.lastIndexOf(".") + 1) : program;
  const command = hasShell ? "bash" : name;
  const certificates = hasPath(farm, CA_BUNDLE) ? [`SSL_CERT_FILE=${CA_BUNDLE}`] : [];
  return {
    Env: ["PATH=/bin", ...certificates],
    ...(hasProgram(farm, command) ? { Cmd: [command] } : {}),
  };
}

function hasProgram(farm: FarmDirectory, name: string): boolean {
  return hasPath(farm, `/bin/${name}`);
}

function hasPath(farm: FarmDirectory, path: string): boolean {
  let children: FarmDirectory["children"] | undefined = farm.children;
  let node: FarmNode | undefined;
  for (const name of path.split("/").slice(1)) {
    node = children?.get(name);
    children = node?.type === "directory" ? node.children : undefined;
  }
  return node !== undefined;
}

/** One sentence for each two packages, however many files they share. */
function warn(collisions: readonly Collision[], context: Context): void {
  const pairs = Map.groupBy(collisions, ({ taken, left }) => `${taken} and ${left}`);
  for (const [pair, found] of pairs) {
    const [first] = found;
    if (first === undefined) continue;
    const more = found.length === 1 ? "" : ` and ${found.length - 1} more`;
    const message = `${pair} both have ${first.path}${more}: those of ${first.taken}, which was asked for first, are taken`;
    context.onEvent({ type: "warning", subject: first.left, message });
  }
}
