import { buildApko, lockApko } from "@cooper/build";
import type { Lock } from "@cooper/distro";
import type { Platform } from "@cooper/oci";
import type { Terminal } from "./display/terminal.ts";
import {
  type PackageFlags,
  packageMaking,
  readLock,
  type RepositoryFlags,
  repositoryOptions,
} from "./packages.ts";
import { type OutputFlags, writeOutput } from "./places.ts";

/** `cooper build FILE.yaml`. */
export async function buildDescription(
  terminal: Terminal,
  flags: OutputFlags &
    PackageFlags & { readonly platform?: Platform | undefined; readonly lockfile?: string | undefined },
  path: string,
): Promise<void> {
  const { signal } = terminal;
  const { locks, ...making } = packageMaking(terminal, flags);
  const built = await buildApko(path, {
    ...making,
    lock: flags.lockfile === undefined ? locks?.[0] : readLock(flags.lockfile),
    platforms: flags.platform === undefined ? undefined : [flags.platform],
    signal,
  });
  try {
    if (flags.output !== undefined || flags.tag !== undefined) {
      return await writeOutput(terminal, flags, built.content);
    }
    terminal.answer(await built.content.digest({ signal }));
    terminal.note("Nothing was written: -o DEST or -t NAME says where to.");
  } finally {
    await built.close();
  }
}

/** `cooper lock FILE.yaml`. */
export async function lockDescription(
  terminal: Terminal,
  flags: RepositoryFlags,
  platforms: readonly Platform[] | undefined,
  path: string,
): Promise<Lock> {
  return await lockApko(path, { ...repositoryOptions(terminal, flags), platforms, signal: terminal.signal });
}
