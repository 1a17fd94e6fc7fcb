import { exportSteps, type ExportedSteps, type GivenLayer, importSteps } from "@cooper/engine";
import { isFault } from "@cooper/sys";
import { type Opened, openReference, write } from "@cooper/transport";
import type { Terminal } from "./display/terminal.ts";
import { showTransfer } from "./display/transfer.ts";
import { texts } from "./flags.ts";
import type { RegistryFlags } from "./flags.ts";
import { placeOptions } from "./places.ts";

/** For builds: what steps gave, taken from elsewhere and kept elsewhere. */
export type BuildCacheFlags = {
  readonly cacheFrom?: readonly string[] | undefined;
  readonly cacheTo?: readonly string[] | undefined;
};

export const buildCacheFlags = {
  cacheFrom: texts("Take what steps gave elsewhere from there: oci:DIR, docker://HOST/REPO:TAG …", "REF"),
  cacheTo: texts("Write what the steps gave there, for other machines", "DEST"),
} as const;

/** Caches that are open; close them when the image is written. */
export interface OpenBuildCaches {
  readonly imported: readonly ExportedSteps[];
  close(): Promise<void>;
}

/** What --cache-from names. One that is not there yet is a note: the first build has none. */
export async function openBuildCaches(
  terminal: Terminal,
  flags: BuildCacheFlags & RegistryFlags,
): Promise<OpenBuildCaches> {
  const opened: Opened[] = [];
  const imported: ExportedSteps[] = [];
  const close = async (): Promise<void> => {
    for (const each of opened.splice(0)) await each.close();
  };
  try {
    for (const reference of flags.cacheFrom ?? []) {
      const found = await openIfThere(terminal, flags, reference);
      if (found === undefined) continue;
      opened.push(found);
      imported.push(await importSteps(found.content, { signal: terminal.signal }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { imported, close };
}

async function openIfThere(
  terminal: Terminal,
  flags: RegistryFlags,
  reference: string,
): Promise<Opened | undefined> {
  try {
    return await openReference(reference, placeOptions(terminal, flags));
  } catch (error) {
    if (!isFault(error, "NOT_FOUND", "FILE_MISSING", "LAYOUT_INVALID")) throw error;
    terminal.note(`${reference} has no build cache yet`);
    return undefined;
  }
}

/** Writes what steps gave to all that --cache-to names. */
export async function writeBuildCaches(
  terminal: Terminal,
  flags: BuildCacheFlags & RegistryFlags,
  given: readonly GivenLayer[],
): Promise<void> {
  if (flags.cacheTo === undefined) return;
  const content = await exportSteps(given, { signal: terminal.signal });
  const options = { ...placeOptions(terminal, flags), onEvent: showTransfer(terminal.progress) };
  for (const destination of flags.cacheTo) await write(content, destination, options);
}
