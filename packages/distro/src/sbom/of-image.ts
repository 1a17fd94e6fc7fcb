import { type Cancellable, collect } from "@cooper/archive";
import { type Image, type RootEntry, rootEntries } from "@cooper/oci";
import { apkDatabase } from "./databases/apk.ts";
import { cargoDatabase } from "./databases/cargo.ts";
import { composerDatabase } from "./databases/composer.ts";
import { type Database, type DatabaseFile, type Distribution, parseOsRelease } from "./databases/database.ts";
import { dpkgDatabase } from "./databases/dpkg.ts";
import { gemDatabase } from "./databases/gem.ts";
import { golangDatabase } from "./databases/golang.ts";
import { nixDatabase } from "./databases/nix.ts";
import { npmDatabase } from "./databases/npm.ts";
import { pypiDatabase } from "./databases/pypi.ts";
import { distinctComponents, type Sbom } from "./sbom.ts";

const DATABASES: readonly Database[] = [
  dpkgDatabase,
  apkDatabase,
  nixDatabase,
  npmDatabase,
  pypiDatabase,
  gemDatabase,
  composerDatabase,
  cargoDatabase,
  golangDatabase,
];
/** The first one counts: the other one is what a distribution is made from. */
const OS_RELEASE = ["etc/os-release", "usr/lib/os-release"];

/** Bytes of one file that is read, and of all of them. */
const FILE_LIMIT = 64 * 2 ** 20;
const TOTAL_LIMIT = 512 * 2 ** 20;

export interface SbomOptions extends Cancellable {
  /** Files that say what went into the image and are not in it: a compiled program's Cargo.lock. */
  readonly beside?: readonly DatabaseFile[] | undefined;
}

/** Whether a file says which packages went into a program that is compiled of them. */
export function isLockOfCompiled(path: string): boolean {
  return cargoDatabase.reads(path) || golangDatabase.reads(path);
}

/**
 * What the databases of an image say is in it: dpkg's, apk's and Nix's, and those of languages' package
 * managers. The layers are read once for the names and once for these files. `name` is for people: the
 * image's reference.
 *
 * `NOT_AN_IMAGE`, `INVALID_ROOTFS`, `LIMIT_EXCEEDED`, `INDEX_INVALID` for a database that is damaged
 */
export async function sbomOfImage(image: Image, name: string, options: SbomOptions = {}): Promise<Sbom> {
  const config = await image.config(options);
  const { beside = [] } = options;
  const found = DATABASES.map((database) => ({
    database,
    files: beside.filter(({ path }) => database.reads(path)),
  }));
  const releases = new Map<string, string>();
  let left = TOTAL_LIMIT;
  for await (const entry of rootEntries(image, options)) {
    if (entry.type !== "file") continue;
    const { path } = entry;
    const wanted = found.find(({ database }) => database.reads(path));
    if (wanted === undefined && !OS_RELEASE.includes(path)) continue;
    const text = await textOf(entry, Math.min(FILE_LIMIT, left));
    left -= text.length;
    if (wanted === undefined) releases.set(path, text);
    else wanted.files.push({ path, text });
  }
  const distribution = distributionOf(releases);
  const created = config.created === undefined ? 0 : Math.floor(Date.parse(config.created) / 1000);
  return {
    name,
    subject: await image.digest(options),
    created: Number.isFinite(created) ? Math.max(0, created) : 0,
    components: distinctComponents(
      found.flatMap(({ database, files }) => database.components(files, distribution)),
    ),
  };
}

async function textOf(entry: RootEntry, limit: number): Promise<string> {
  const content = entry.bytes ?? entry.content();
  const bytes = content instanceof Uint8Array ? content : await collect(content, { limit });
  return Buffer.from(bytes).toString("utf8");
}

function distributionOf(releases: ReadonlyMap<string, string>): Distribution {
  const text = OS_RELEASE.map((path) => releases.get(path)).find((one) => one !== undefined);
  return parseOsRelease(text ?? "");
}
