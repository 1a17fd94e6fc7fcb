import type { Context } from "../../ecosystem/context.ts";
import { installedDatabase, triggersFile } from "../database/installed.ts";
import { scriptsArchive } from "../database/scripts.ts";
import type { CheckedPackage } from "../package/fetch.ts";
import { BUSYBOX, BUSYBOX_PATHS, busyboxLinks } from "./busybox.ts";
import { certificateFiles, trustFiles } from "./certificates.ts";
import { readContents } from "./contents.ts";
import { linkerCache, linkerConfiguration } from "./linker-cache.ts";
import type { Claim, Ownership } from "./ownership.ts";
import { changedAccounts, type MadeAccounts } from "./owners.ts";
import { findFile } from "./root-view.ts";
import type { NewFile } from "./root-tree.ts";

export interface WholeOptions {
  readonly architecture: string;
  /** What was asked for. */
  readonly world: readonly string[];
  /** The repositories' paths: their addresses are this machine's own affair. */
  readonly repositories: readonly string[];
  /** Public keys by their file names. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly accounts: MadeAccounts;
  readonly context: Context;
}

/**
 * The files that belong to the image as a whole: apk's databases and settings, and what the packages'
 * scripts and triggers would have made, as far as Cooper makes it itself (docs/apk.md).
 */
export async function wholeFiles(
  packages: readonly CheckedPackage[],
  claims: Ownership,
  options: WholeOptions,
): Promise<readonly NewFile[]> {
  const { accounts, architecture, context } = options;
  const contents = await readContents(neededContents(claims), context);
  return [
    ...(await databaseFiles(packages, claims, context)),
    ...settings(options).filter(({ path }) => findFile(path, claims) === undefined),
    ...busyboxLinks(claims, contents),
    ...changedAccounts(accounts),
    ...linkerCache(claims, contents, architecture),
    ...trustFiles(claims, contents),
  ];
}

function neededContents(claims: Ownership): readonly Claim[] {
  const lists = [...claims.values()].filter(({ file }) => file.path.startsWith(BUSYBOX_PATHS));
  const programs = BUSYBOX.map((path) => findFile(path, claims));
  const wanted = lists.length > 0 ? lists : programs;
  return [
    ...wanted.filter((claim) => claim !== undefined),
    ...certificateFiles(claims),
    ...linkerConfiguration(claims),
  ];
}

/** Newer releases have the database beneath `usr`, where their `lib` is a link: links are followed. */
async function databaseFiles(
  packages: readonly CheckedPackage[],
  claims: Ownership,
  context: Context,
): Promise<readonly NewFile[]> {
  return [
    { path: "lib/apk/db/installed", bytes: installedDatabase(packages, claims) },
    { path: "lib/apk/db/scripts.tar", bytes: await scriptsArchive(packages, context) },
    { path: "lib/apk/db/triggers", bytes: triggersFile(packages) },
  ];
}

function settings({ architecture, world, repositories, keys }: WholeOptions): readonly NewFile[] {
  const lines = repositories.map((path) => `# ${path}\n`);
  return [
    { path: "etc/apk/arch", bytes: Buffer.from(`${architecture}\n`) },
    {
      path: "etc/apk/world",
      bytes: Buffer.from(
        world
          .toSorted()
          .map((name) => `${name}\n`)
          .join(""),
      ),
    },
    { path: "etc/apk/repositories", bytes: Buffer.from(`# ${NO_ADDRESS}\n${lines.join("")}`) },
    ...[...keys].map(([name, bytes]) => ({ path: `etc/apk/keys/${name}`, bytes })),
  ];
}

const NO_ADDRESS = "Made from these repositories; put a mirror's address before one to use apk here.";
