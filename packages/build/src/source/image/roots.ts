import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { PACKAGE_IMAGE_VERSION } from "@cooper/distro";
import { touch } from "@cooper/engine";
import { formatPlatform, type Platform } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { type Opened, openReference, type Resolver, write } from "@cooper/transport";
import { z } from "zod";

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
}

/** An image that steps stand on, and what it is made of. */
export interface Root {
  readonly opened: Opened;
  readonly pinned: string;
}

/** Seconds for which a reference means what it meant. */
const FRESH = 24 * 3600;

/**
 * Opens what a plan's reference names. What is made of packages is kept under Cooper's home and taken
 * from there for a day, so that a build does not ask mirrors what they said an hour ago; after that it
 * is made anew only where its inputs changed.
 */
export async function openRoot(reference: string, options: RootOptions): Promise<Root> {
  const { home, platform, resolver, environment, signal } = options;
  const name = createHash("sha256")
    .update(`${reference} ${formatPlatform(platform)} ${PACKAGE_IMAGE_VERSION}`)
    .digest("hex")
    .slice(0, 40);
  const directory = join(home, "build", "roots");
  const path = join(directory, `${name}.json`);
  const kept = `oci:${directory}:${name}`;
  const record = recordSchema.safeParse(parsed(path)).data;
  const { roots = "remembered" } = options;
  if (record !== undefined && roots === "remembered" && isFresh(record.at)) {
    const opened = await openIfThere(kept, signal);
    if (opened !== undefined) {
      touch(path);
      return { opened, pinned: record.inputs };
    }
  }
  const found = await resolver.open(reference, { platform, signal, environment });
  const { inputs, repository } = found;
  // What lies somewhere lies there next time; only what is made is worth keeping.
  if (inputs === undefined || repository !== undefined || roots === "apart") {
    return { opened: found, pinned: inputs ?? (await found.content.digest({ signal })) };
  }
  const before = record?.inputs === inputs ? await openIfThere(kept, signal) : undefined;
  await before?.close();
  if (before === undefined) {
    mkdirSync(directory, { recursive: true });
    await write(found.content, kept, { signal });
  }
  const aside = `${path}.${randomUUID()}`;
  writeFileSync(aside, JSON.stringify({ reference, inputs, at: Math.floor(Date.now() / 1000) }));
  renameSync(aside, path);
  await found.close();
  return { opened: await openReference(kept, { signal }), pinned: inputs };
}

const recordSchema = z.object({ inputs: z.string(), at: z.number() });

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
