import { isFault } from "@cooper/sys";
import type { Context } from "../../ecosystem/context.ts";
import { resolveMirror } from "../sources/archive.ts";
import { type ChosenSource, chooseSources, sameArchives } from "../sources/choose-sources.ts";
import type { Host } from "../sources/host.ts";
import type { SourceEntry } from "../sources/source.ts";
import { type LoadedRelease, loadRelease, suiteAddress } from "./load-release.ts";
import type { Release } from "./release.ts";

/** Which releases a request speaks of. */
export interface WantedReleases {
  /** Undefined for the host's own. */
  readonly release: string | undefined;
  /** Of `name@release`: from these nothing is taken by itself. */
  readonly others: readonly string[];
}

/**
 * The releases of the host's sources that a request is answered from. What comes from others than
 * the host's distribution is left out, unless it alone has the release. The codes of `loadRelease`,
 * `REPOSITORY_INVALID`
 */
export async function hostReleases(
  host: Host,
  { release, others }: WantedReleases,
  context: Context,
): Promise<readonly LoadedRelease[]> {
  const loaded = new Map<string, LoadedRelease>();
  for (const each of await mainReleases(host, release, context)) loaded.set(suiteAddress(each.entry), each);
  for (const other of others) {
    // oxlint-disable-next-line no-await-in-loop -- mostly there is one
    for (const each of await loadChosen(chooseSources(host, other), host, context)) {
      const address = suiteAddress(each.entry);
      const aside = { ...each, release: { ...each.release, notAutomatic: true } };
      if (!loaded.has(address)) loaded.set(address, aside);
    }
  }
  return [...loaded.values()];
}

async function mainReleases(
  host: Host,
  release: string | undefined,
  context: Context,
): Promise<readonly LoadedRelease[]> {
  const loaded = await loadChosen(chooseSources(host, release), host, context);
  const own = loaded.filter((each) => isOwn(each.release, host));
  if (own.length > 0) return own;
  if (release === undefined || release === host.codename) {
    // The host may call its release otherwise, `stable`, and only somebody else by its name.
    const renamed = await loadChosen(sameArchives(host, host.codename), host, context);
    const found = renamed.filter((each) => isOwn(each.release, host));
    return found.length > 0 ? found : loaded;
  }
  // It is another's release: its packages stand on the host's own.
  const base = await loadChosen(chooseSources(host, undefined), host, context);
  const others = base.filter(
    (each) => isOwn(each.release, host) && !loaded.some(({ entry }) => entry.suite === each.entry.suite),
  );
  return [...others, ...loaded];
}

async function loadChosen(
  chosen: readonly ChosenSource[],
  host: Host,
  context: Context,
): Promise<readonly LoadedRelease[]> {
  const missing = new Map<string, unknown>();
  const loaded = await Promise.all(
    chosen.map(async ({ entry, presence }) => {
      try {
        return [await loadRelease(mirrored(entry, host), host, context)];
      } catch (error) {
        if (presence === "required" || !isFault(error, "NOT_FOUND")) throw error;
        if (presence === "somewhere") missing.set(entry.suite, error);
        return [];
      }
    }),
  );
  const all = loaded.flat();
  for (const [suite, error] of missing) if (!all.some(({ entry }) => entry.suite === suite)) throw error;
  return all;
}

/** With the address of a mirror in place of a list of mirrors. */
export function mirrored(entry: SourceEntry, { root }: Host): SourceEntry {
  return { ...entry, uri: resolveMirror(entry.uri, root) };
}

function isOwn({ origin }: Release, { distribution }: Host): boolean {
  return origin.toLowerCase() === distribution.toLowerCase();
}
