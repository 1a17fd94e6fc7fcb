import { createHash, randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { PACKAGE_IMAGE_VERSION } from "@cooper/distro";
import { touch } from "@cooper/engine";
import { formatPlatform, type Platform } from "@cooper/oci";
import { isFault, makeDirectories } from "@cooper/sys";
import { type Opened, openReference, type Resolver, write } from "@cooper/transport";
import { z } from "zod";
import { BuildError } from "../../errors.ts";
import type { Locks } from "../lock/locks.ts";
import { lockedReference } from "../lock/references.ts";

export interface RootOptions extends Cancellable {
  /** Cooper's home. */
  readonly home: string;
  readonly platform: Platform;
  readonly resolver: Resolver;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * `again`: every reference is resolved anew. `apart`: also nothing is kept for later builds, as where
   * other repositories or keys count for this one alone. Default `remembered`.
   */
  readonly roots?: "remembered" | "again" | "apart" | undefined;
  /** What references came to before: they come to that again, whatever `roots` says. The resolver has those of packages. */
  readonly locks?: Locks | undefined;
}

/** An image that steps stand on, and what it is made of. */
export interface Root {
  readonly opened: Opened;
  readonly pinned: string;
  /** Keeps it for later builds, before it is closed; undefined where there is nothing to keep. */
  readonly keep?: (() => Promise<void>) | undefined;
}

/** Seconds for which a reference means what it meant. */
const FRESH = 24 * 3600;

/**
 * Opens what a plan's reference names. What is made of packages is kept under Cooper's home and taken
 * from there for a day, so that a build does not ask mirrors what they said an hour ago; after that it
 * is made anew only where its inputs changed. What was made now can be read at once, and is still to be kept.
 */
export async function openRoot(reference: string, options: RootOptions): Promise<Root> {
  const { locks, resolver, platform, signal, environment, roots = "remembered" } = options;
  if (locks !== undefined) return await openLockedRoot(reference, locks, options);
  const place = placeOf(reference, options);
  const record = recordAt(place);
  if (record !== undefined && roots === "remembered" && isFresh(record.at)) {
    const opened = await openIfThere(place.kept, signal);
    if (opened !== undefined) {
      touch(place.path);
      return { opened, pinned: record.inputs };
    }
  }
  const found = await resolver.open(reference, { platform, signal, environment });
  if (roots === "apart") return await rootOf(found, options);
  return await keepable(found, reference, place, options);
}

/** The same, of a lock: what is kept of it stays true. `LOCK_OUTDATED`, `LOCK_UNFULFILLED` */
async function openLockedRoot(reference: string, locks: Locks, options: RootOptions): Promise<Root> {
  const { resolver, platform, signal, environment } = options;
  const locked = lockedReference(reference, locks);
  let found: Opened | undefined;
  try {
    found = await resolver.open(locked, { platform, signal, environment });
    // Beside what the reference means today, which is asked for by its name alone.
    const place = placeOf(`${reference} ${found.inputs}`, options);
    const { keep, ...root } = await keepable(found, reference, place, options);
    await keep?.(); // now, and not with the others: here it is known what it means where that fails
    return root;
  } catch (error) {
    await found?.close();
    if (!isFault(error, "NOT_FOUND", "DIGEST_MISMATCH", "SIZE_MISMATCH", "PACKAGE_INVALID")) throw error;
    throw new BuildError("LOCK_UNFULFILLED", `${reference} cannot be had as it is locked: ${error.message}`, {
      cause: error,
      fields: { reference },
      advice:
        "Packages may be on another mirror (--repository); else lock it anew: cooper plan --lock, cooper lock DIRECTORY.",
    });
  }
}

/** Where an image is kept. */
interface Place {
  /** Of what is known of it. */
  readonly path: string;
  /** The reference of the image itself. */
  readonly kept: string;
}

function placeOf(what: string, { home, platform }: RootOptions): Place {
  const name = createHash("sha256")
    .update(`${what} ${formatPlatform(platform)} ${PACKAGE_IMAGE_VERSION}`)
    .digest("hex")
    .slice(0, 40);
  const directory = join(home, "build", "roots");
  return { path: join(directory, `${name}.json`), kept: `oci:${directory}:${name}` };
}

/** What was found, as it lies where it is kept; unless it is there already, that is still to be done. */
async function keepable(
  found: Opened,
  reference: string,
  { path, kept }: Place,
  options: RootOptions,
): Promise<Root> {
  const { inputs, repository } = found;
  const { signal } = options;
  // What lies somewhere lies there next time; only what is made is worth keeping.
  if (inputs === undefined || repository !== undefined) return await rootOf(found, options);
  const remember = (): void => {
    const aside = `${path}.${randomUUID()}`;
    writeFileSync(aside, JSON.stringify({ reference, inputs, at: Math.floor(Date.now() / 1000) }));
    renameSync(aside, path);
  };
  const before = recordAt({ path, kept })?.inputs === inputs ? await openIfThere(kept, signal) : undefined;
  if (before !== undefined) {
    remember();
    await found.close();
    return { opened: before, pinned: inputs };
  }
  const keep = async (): Promise<void> => {
    makeDirectories(dirname(path));
    await write(found.content, kept, { signal });
    remember();
  };
  return { opened: found, pinned: inputs, keep };
}

async function rootOf(found: Opened, { signal }: RootOptions): Promise<Root> {
  return { opened: found, pinned: found.inputs ?? (await found.content.digest({ signal })) };
}

const recordSchema = z.object({ inputs: z.string(), at: z.number() });

function recordAt({ path }: Place): z.infer<typeof recordSchema> | undefined {
  return recordSchema.safeParse(parsed(path)).data;
}

/** Roots that are still to be kept, all at once and when that is in nobody's way. */
export class Keeping {
  readonly #keeps: (() => Promise<void>)[] = [];
  #kept: Promise<unknown> | undefined;

  add({ keep }: Root): void {
    if (keep !== undefined) this.#keeps.push(keep);
  }

  /** Begins, if that was not done before. What fails is told to who waits for the end. */
  begin(): void {
    this.#kept ??= Promise.all(this.#keeps.map(async (keep) => await keep()));
    this.#kept.catch(() => {});
  }

  /** Keeps what is not kept yet, and waits for the end of it. */
  async end(): Promise<void> {
    this.begin();
    await this.#kept;
  }
}

function isFresh(at: number): boolean {
  const age = Date.now() / 1000 - at;
  return age >= 0 && age < FRESH;
}

async function openIfThere(reference: string, signal: AbortSignal | undefined): Promise<Opened | undefined> {
  try {
    return await openReference(reference, { signal });
  } catch (error) {
    if (isFault(error, "NOT_FOUND", "LAYOUT_INVALID", "FILE_MISSING")) return undefined;
    throw error;
  }
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined; // nothing is remembered
  }
}
