import { readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fromBytes, syncDirectory, tally, verified } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { digestOf } from "@cooper/oci";
import type { Descriptor, Digest } from "@cooper/oci";
import { Aside, reapAsides } from "../durable/aside.ts";
import { writeFault } from "../durable/fault.ts";
import { lockPath, tryLockPath } from "../durable/lock.ts";
import { TransportError } from "../errors.ts";
import type { ContentSource, WritableRepository } from "../repository.ts";
import { type Collected, findLive, sweepBlobs } from "./collect.ts";
import { DirectoryFiles } from "./directory-files.ts";
import { blobPath } from "./files.ts";
import { blobsDirectory, type Guard, SharedGuard } from "./guard.ts";
import { formatIndexFile, type IndexFile, tagOf, withEntry, withoutEntries } from "./index-file.ts";
import { readFacts } from "./manifest-facts.ts";
import { LayoutRepository } from "./repository.ts";
import { makeDirectories } from "@cooper/sys";

export interface LayoutOptions extends Cancellable {
  /** `write` makes the directory with its first blob if there is none. Default: `read`. */
  readonly access?: "read" | "write";
}

/**
 * Opens an OCI layout directory (image-spec, image-layout.md). Any number of processes may read and
 * write the same one at once. `NOT_FOUND`, `LAYOUT_INVALID`
 */
export async function openLayout(path: string, options: LayoutOptions = {}): Promise<LayoutDirectory> {
  const root = resolve(path);
  requireLayout(root, path, options.access ?? "read");
  const guard = new SharedGuard(root);
  await guard.keep([], options);
  return new LayoutDirectory(root, `oci:${path}`, guard);
}

/**
 * A layout in a directory. Blobs are written beside it and renamed, `index.json` is replaced under a
 * lock on `oci-layout` after it was read again, so that nobody's entry is lost.
 */
export class LayoutDirectory extends LayoutRepository implements WritableRepository {
  protected readonly root: string;
  protected readonly guard: Guard;
  readonly #mode: number;
  #prepared: Promise<void> | undefined;

  /** Directories that are made get `mode`, less the umask. */
  constructor(root: string, name: string, guard: Guard, mode = 0o755) {
    super(new DirectoryFiles(root, name));
    this.root = root;
    this.guard = guard;
    this.#mode = mode;
  }

  override async hasBlob(descriptor: Descriptor, options: Cancellable = {}): Promise<boolean> {
    await this.guard.keep([descriptor.digest], options);
    return await super.hasBlob(descriptor, options);
  }

  async putBlob(descriptor: Descriptor, content: ContentSource, options: Cancellable = {}): Promise<void> {
    await this.#prepare(options);
    if (await this.hasBlob(descriptor, options)) return;
    await this.#store(verified(content(), descriptor), () => descriptor.digest, options);
  }

  async putUnknownBlob(
    content: ContentSource,
    options: Cancellable = {},
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    await this.#prepare(options);
    const { stream, hex, size } = tally(content());
    const digest = await this.#store(stream, () => digestOf("sha256", hex()), options);
    return { digest, size: size() };
  }

  async putManifest(
    raw: Uint8Array,
    descriptor: Descriptor,
    options: Cancellable & { readonly tag?: string; readonly role?: "image" | "child" } = {},
  ): Promise<void> {
    await this.putBlob(descriptor, () => fromBytes(raw), options);
    if (options.role === "child" && options.tag === undefined) return;
    // The names of all that was written come to the disk before the name that makes it visible.
    for (const algorithm of readdirSync(blobsDirectory(this.root))) {
      await syncDirectory(join(blobsDirectory(this.root), algorithm));
    }
    const entry = entryFor(raw, descriptor);
    await this.updateIndex((file) => withEntry(file, entry, options.tag), options);
  }

  async deleteTag(tag: string, options: Cancellable = {}): Promise<void> {
    await this.updateIndex((file) => {
      if (!file.manifests.some((entry) => tagOf(entry) === tag)) throw this.#nothing(`tag ${tag}`);
      return withoutEntries(file, (entry) => tagOf(entry) === tag);
    }, options);
  }

  /** Also takes its tags. Its blobs stay until `gc`. */
  async deleteManifest(digest: Digest, options: Cancellable = {}): Promise<void> {
    await this.updateIndex(async (file) => {
      const left = withoutEntries(file, (entry) => entry.digest === digest);
      const seen = new Set<Digest>();
      for await (const _ of this.walk(left.manifests, seen));
      if (!seen.has(digest)) {
        const path = join(this.root, blobPath(digest));
        if (statSync(path, { throwIfNoEntry: false }) === undefined) throw this.#nothing(digest);
        rmSync(path);
      } else if (left.manifests.length === file.manifests.length) {
        throw new TransportError("REFUSED", `${this.name}: ${digest} is part of an index that is kept`, {
          advice: "Delete the index.",
        });
      }
      return left;
    }, options);
  }

  override async close(): Promise<void> {
    this.guard.release();
    if (this.#prepared !== undefined) this.#removeIfEmpty();
  }

  /**
   * Removes each blob that can be reached neither from the entries that are `wanted` nor from
   * `extra`. Whoever calls this holds the exclusive lock on the blobs.
   */
  protected async sweep(
    { extra, wanted }: { readonly extra: readonly Digest[]; readonly wanted: (entry: Descriptor) => boolean },
    options: Cancellable,
  ): Promise<Collected> {
    let live: ReadonlySet<Digest> = new Set();
    await this.updateIndex(async (file) => {
      const found = await findLive(this, file.manifests.filter(wanted), extra);
      live = found.digests;
      return found.entries.length === file.manifests.length ? file : { ...file, manifests: found.entries };
    }, options);
    reapAsides(this.root);
    return sweepBlobs(blobsDirectory(this.root), live);
  }

  /** Replaces `index.json` by what `change` makes of it, under the lock. */
  protected async updateIndex(
    change: (file: IndexFile) => IndexFile | Promise<IndexFile>,
    { signal }: Cancellable,
  ): Promise<void> {
    const path = join(this.root, "index.json");
    const lock = await lockPath(join(this.root, "oci-layout"), { mode: "exclusive", kind: "file", signal });
    try {
      const before = await this.index();
      const after = await change(before);
      if (after.manifests !== before.manifests)
        await this.#writeAside(fromBytes(formatIndexFile(after)), () => path, {});
      await syncDirectory(this.root); // also what another process wrote and did not come to sync
    } catch (error) {
      throw writeFault(path, error);
    } finally {
      lock.release();
    }
  }

  async #store(content: ByteStream, digest: () => Digest, options: Cancellable): Promise<Digest> {
    let stored: Digest | undefined;
    await this.#writeAside(
      content,
      async () => {
        stored = digest();
        await this.guard.keep([stored], options);
        const path = join(this.root, blobPath(stored));
        makeDirectories(dirname(path), this.#mode);
        return path;
      },
      options,
    );
    if (stored === undefined) throw new Error("unreachable: a stored blob has a digest");
    return stored;
  }

  async #writeAside(
    content: ByteStream,
    path: () => string | Promise<string>,
    options: Cancellable,
  ): Promise<void> {
    let aside: Aside | undefined;
    try {
      aside = await Aside.create(this.root);
      await aside.write(content, options);
      await aside.commit(await path());
    } catch (error) {
      await aside?.discard();
      throw writeFault(this.root, error);
    }
  }

  async #prepare(options: Cancellable): Promise<void> {
    this.#prepared ??= this.#create(options).catch((error: unknown) => {
      this.#prepared = undefined;
      throw writeFault(this.root, error);
    });
    await this.#prepared;
  }

  async #create({ signal }: Cancellable): Promise<void> {
    const blobs = blobsDirectory(this.root);
    const makeBlobs = (): void => {
      makeDirectories(join(blobs, "sha256"), this.#mode);
    };
    makeBlobs();
    await this.guard.keep([], { signal });
    makeBlobs(); // another process may have removed an empty layout
    const header = join(this.root, "oci-layout");
    if ((statSync(header, { throwIfNoEntry: false })?.size ?? 0) === 0) {
      const lock = await lockPath(header, { mode: "exclusive", kind: "file", signal });
      try {
        if (statSync(header).size === 0) await writeFile(header, '{"imageLayoutVersion":"1.0.0"}');
      } finally {
        lock.release();
      }
    }
    reapAsides(this.root);
  }

  /** A layout that was made here and got nothing goes again. */
  #removeIfEmpty(): void {
    const blobs = blobsDirectory(this.root);
    if (statSync(join(this.root, "index.json"), { throwIfNoEntry: false }) !== undefined) return;
    try {
      const lock = tryLockPath(blobs, { mode: "exclusive", kind: "directory" });
      if (lock === undefined) return;
      try {
        for (const algorithm of readdirSync(blobs)) rmdirSync(join(blobs, algorithm));
        rmSync(join(this.root, "oci-layout"), { force: true });
        rmdirSync(blobs);
        rmdirSync(this.root);
      } finally {
        lock.release();
      }
    } catch {
      // Not empty, or no longer there: it stays as it is.
    }
  }

  #nothing(what: string): TransportError {
    return new TransportError("NOT_FOUND", `${this.name} has no ${what}`, { fields: { path: this.name } });
  }
}

/** How a manifest is listed: what speaks of another is found by it, so its type and notes come along. */
function entryFor(raw: Uint8Array, descriptor: Descriptor): Descriptor {
  const facts = readFacts(raw);
  const { mediaType, digest, size, platform } = descriptor;
  const plain: Descriptor = { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) };
  if (facts?.subject === undefined) return plain;
  return {
    ...plain,
    ...(facts.artifactType === undefined ? {} : { artifactType: facts.artifactType }),
    ...(facts.annotations === undefined ? {} : { annotations: facts.annotations }),
  };
}

function requireLayout(root: string, path: string, access: "read" | "write"): void {
  const status = statSync(root, { throwIfNoEntry: false });
  if (status === undefined) {
    if (access === "write") return;
    throw new TransportError("NOT_FOUND", `there is no directory ${path}`, { fields: { path } });
  }
  if (!status.isDirectory()) {
    throw new TransportError("LAYOUT_INVALID", `${path} is not a directory`, {
      fields: { path },
      advice: "An image in one file is named oci-archive:FILE or docker-archive:FILE.",
    });
  }
  const names = readdirSync(root).filter((name) => !name.startsWith(".cooper-"));
  const isLayout = ["index.json", "oci-layout", "blobs"].some((name) => names.includes(name));
  if (isLayout || (access === "write" && names.length === 0)) return;
  throw new TransportError("LAYOUT_INVALID", `${path} is not an OCI layout`, {
    fields: { path },
    advice:
      access === "write"
        ? "Choose a directory that is empty, or does not exist, or is a layout."
        : "A layout has the files oci-layout and index.json and the directory blobs.",
  });
}
