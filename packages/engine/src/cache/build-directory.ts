import { existsSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestBytes, digestHex, type Digest, type DiffId } from "@cooper/oci";
import { makeDirectories } from "@cooper/sys";
import { z } from "zod";
import { asidePath } from "../run/asides.ts";

/** What is remembered of a step: which layer it gave. */
export interface StepRecord {
  /** Whether its layer is a blob, or what its command wrote, unpacked. */
  readonly kind: "blob" | "directory";
  readonly diffId: string;
  /** What it did, for people. */
  readonly step?: string | undefined;
  /** Bytes of the layer as a tar. */
  readonly size?: number | undefined;
  /** Of a directory, the name that it has among unpacked layers. */
  readonly directory?: string | undefined;
}

const stepSchema: z.ZodType<StepRecord> = z.object({
  kind: z.enum(["blob", "directory"]),
  diffId: z.string(),
  step: z.string().optional(),
  size: z.number().optional(),
  directory: z.string().optional(),
});

export interface BlobRecord {
  readonly digest: string;
  readonly size: number;
}

const blobSchema: z.ZodType<BlobRecord> = z.object({ digest: z.string(), size: z.number() });

/**
 * Where builds keep things under Cooper's home: `build/steps/KEY` says which layer a step gave,
 * `build/blobs/HEX` is a layer as it goes into images, `build/caches` has what cache mounts show.
 */
export class BuildDirectory {
  readonly path: string;

  constructor(home: string) {
    this.path = join(home, "build");
    for (const name of ["steps", "blobs", "caches"]) makeDirectories(join(this.path, name));
  }

  stepPath(key: Digest): string {
    return join(this.path, "steps", digestHex(key));
  }

  blobPath(diffId: DiffId): string {
    return join(this.path, "blobs", digestHex(diffId));
  }

  /** A directory that stays from build to build, under `parent` or where all are. */
  cachePath(id: string, parent: string = join(this.path, "caches")): string {
    return join(parent, digestHex(digestBytes(Buffer.from(id))).slice(0, 32));
  }

  step(path: string): StepRecord | undefined {
    return stepSchema.safeParse(parsed(readIfThere(path))).data;
  }

  /** A blob that is there, whole. */
  blob(path: string): BlobRecord | undefined {
    const record = blobSchema.safeParse(parsed(readIfThere(`${path}.json`))).data;
    return record !== undefined && existsSync(path) ? record : undefined;
  }

  writeStep(path: string, record: StepRecord): void {
    this.#write(path, record);
  }

  writeBlob(path: string, record: BlobRecord): void {
    this.#write(`${path}.json`, record);
  }

  #write(path: string, value: unknown): void {
    const aside = asidePath(this.path);
    writeFileSync(aside, JSON.stringify(value));
    renameSync(aside, path);
  }
}

/** Says that a file was used now. What was removed meanwhile needs no such word. */
export function touch(path: string): void {
  try {
    const now = Date.now() / 1000;
    utimesSync(path, now, now);
  } catch {
    return; // it is gone, or lies where nothing can be written: then nothing is removed there either
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // nothing is remembered
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // nothing, or what a crash cut short
  }
}
