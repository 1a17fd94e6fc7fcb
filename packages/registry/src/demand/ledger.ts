import { createHash } from "node:crypto";
import type { Digest } from "@cooper/oci";
import { z } from "zod";
import { storableDigest } from "../names.ts";
import type { Storage, StoredRecord } from "../storage/storage.ts";

/** A tag of a made image: what it was made of, and when. Times are seconds since 1970. */
export interface Made {
  readonly reference: string;
  readonly digest: Digest;
  /** When the name was last found to mean this. */
  readonly resolved: number;
  /** When the image was made. */
  readonly made: number;
  /** How long that took. */
  readonly seconds: number;
  /** Bytes of blobs that were written for it. */
  readonly bytes: number;
}

export interface MadeName extends Made {
  readonly repository: string;
  readonly tag: string;
  /** When it was last asked for, to a minute. */
  readonly used: number;
}

interface Known {
  readonly made: Made;
  /** When the record was last touched: seconds since 1970. */
  touched: number;
}

const digestSchema = z.string().transform((text) => storableDigest(text));
const madeSchema = z.object({
  reference: z.string(),
  digest: digestSchema,
  resolved: z.number(),
  made: z.number(),
  seconds: z.number(),
  bytes: z.number(),
});
const inputsSchema = z.object({ repository: z.string(), digest: digestSchema });

/** How exactly it is known when something was used last. */
const TOUCH_SECONDS = 60;
const MAX_KNOWN = 10_000;
/** Names that a list has at most. */
const LATEST = 20;
/** All records are read for a list: so often at most. */
const LATEST_MS = 5000;

/** What is known of images that were made: in the storage, and in memory of those asked for lately. */
export class Ledger {
  readonly #storage: Storage;
  readonly #known = new Map<string, Known>();
  #latest: { readonly at: number; readonly names: Promise<readonly MadeName[]> } | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** What a name was made of. Marks it as used. */
  async made(name: string): Promise<Made | undefined> {
    const known = this.#known.get(name) ?? (await this.#load(name));
    if (known === undefined) return undefined;
    const now = Date.now() / 1000;
    if (now - known.touched > TOUCH_SECONDS) {
      known.touched = now;
      await this.#storage.touchRecord("made", name);
    }
    return known.made;
  }

  async putMade(name: string, made: Made): Promise<void> {
    await this.#storage.putRecord("made", name, made);
    this.#keep(name, { made, touched: Date.now() / 1000 });
  }

  /** The names that were made last and are not forgotten, the last made first; as of some seconds ago at most. */
  async latest(): Promise<readonly MadeName[]> {
    const now = performance.now();
    if (this.#latest === undefined || now - this.#latest.at > LATEST_MS) {
      const names = this.#readLatest();
      this.#latest = { at: now, names };
      // What failed is asked again by the next one.
      names.catch(() => (this.#latest = undefined));
    }
    return await this.#latest.names;
  }

  async #readLatest(): Promise<readonly MadeName[]> {
    const names: MadeName[] = [];
    for await (const { key, value, used } of this.#storage.records("made")) {
      const colon = key.lastIndexOf(":");
      const made = madeSchema.safeParse(value).data;
      if (made !== undefined)
        names.push({ ...made, repository: key.slice(0, colon), tag: key.slice(colon + 1), used });
    }
    return names.toSorted((one, other) => other.made - one.made).slice(0, LATEST);
  }

  /** Where the image of these inputs is. */
  async ofInputs(key: string): Promise<{ readonly repository: string; readonly digest: Digest } | undefined> {
    const found = parsed(inputsSchema, await this.#storage.record("inputs", key));
    if (found !== undefined) await this.#storage.touchRecord("inputs", key);
    return found;
  }

  async putInputs(key: string, repository: string, digest: Digest): Promise<void> {
    await this.#storage.putRecord("inputs", key, { repository, digest });
  }

  /** The tag that a manifest was made for. */
  async tagOf(repository: string, digest: Digest): Promise<string | undefined> {
    return parsed(z.string(), await this.#storage.record("digest", `${repository}@${digest}`));
  }

  async putTagOf(repository: string, digest: Digest, tag: string): Promise<void> {
    await this.#storage.putRecord("digest", `${repository}@${digest}`, tag);
  }

  async #load(name: string): Promise<Known | undefined> {
    const record = await this.#storage.record("made", name);
    const made = parsed(madeSchema, record);
    if (made === undefined || record === undefined) return undefined;
    const known = { made, touched: record.used };
    this.#keep(name, known);
    return known;
  }

  #keep(name: string, known: Known): void {
    this.#known.delete(name);
    this.#known.set(name, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** The key of an image: what goes in, never what it is called. */
export function keyOfInputs(inputs: string): string {
  return createHash("sha256").update(inputs).digest("hex");
}

/** A record of another version is none. */
function parsed<T>(schema: z.ZodType<T>, record: StoredRecord | undefined): T | undefined {
  return record === undefined ? undefined : schema.safeParse(record.value).data;
}
