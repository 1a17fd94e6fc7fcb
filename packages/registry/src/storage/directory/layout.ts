import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Digest } from "@cooper/oci";
import type { RecordKind } from "../storage.ts";

/**
 * The names of a registry's files under its directory:
 *
 *     blobs/<algorithm>/<2 digits>/<hex>                     the bytes of every blob, once
 *     repositories/<name>/_blobs/<algorithm>/<hex>           a hard link to them: the repository has the blob
 *     repositories/<name>/_uploads/<id>                      what an upload has so far
 *     repositories/<name>/_manifests/<algorithm>/<hex>       media type, newline, the manifest's bytes
 *     repositories/<name>/_tags/<tag>                        a digest
 *     repositories/<name>/_referrers/<algorithm>/<hex of the subject>/<algorithm>:<hex>    empty
 *     repositories/<name>/_lock                              held while manifests and tags change
 *     records/<kind>/<2 digits>/<SHA-256 of the key>         key, newline, JSON
 *     probe                                                  written to see whether it can be
 *     collecting                                             locked by the process that collects
 *
 * No component of a repository's name begins with an underscore, so that names cannot collide.
 * Nothing is changed in place: a file appears by link or rename, whole and synced, or grows as an upload.
 *
 * Hard links make the system count who has a blob: the bytes go with the last repository, nobody
 * keeps a count that a crash could leave wrong, and no lock is needed between processes.
 */
export class DirectoryLayout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Bytes of a blob, whoever has it. */
  content(digest: Digest): string {
    const { algorithm, hex } = split(digest);
    return join(this.root, "blobs", algorithm, hex.slice(0, 2), hex);
  }

  probe(): string {
    return join(this.root, "probe");
  }

  collecting(): string {
    return join(this.root, "collecting");
  }

  /** Where the bytes of all blobs are. */
  contents(): string {
    return join(this.root, "blobs");
  }

  repositories(): string {
    return join(this.root, "repositories");
  }

  repository(name: string): string {
    return join(this.root, "repositories", name);
  }

  lock(repository: string): string {
    return join(this.root, "repositories", repository, "_lock");
  }

  blob(repository: string, digest: Digest): string {
    const { algorithm, hex } = split(digest);
    return `${this.root}/repositories/${repository}/_blobs/${algorithm}/${hex}`;
  }

  blobs(repository: string): string {
    return join(this.root, "repositories", repository, "_blobs");
  }

  uploads(repository: string): string {
    return join(this.root, "repositories", repository, "_uploads");
  }

  upload(repository: string, id: string): string {
    return join(this.root, "repositories", repository, "_uploads", id);
  }

  manifest(repository: string, digest: Digest): string {
    const { algorithm, hex } = split(digest);
    return `${this.root}/repositories/${repository}/_manifests/${algorithm}/${hex}`;
  }

  manifests(repository: string): string {
    return join(this.root, "repositories", repository, "_manifests");
  }

  tags(repository: string): string {
    return join(this.root, "repositories", repository, "_tags");
  }

  tag(repository: string, tag: string): string {
    return `${this.root}/repositories/${repository}/_tags/${tag}`;
  }

  records(kind: RecordKind): string {
    return join(this.root, "records", kind);
  }

  record(kind: RecordKind, key: string): string {
    const hex = createHash("sha256").update(key).digest("hex");
    return `${this.root}/records/${kind}/${hex.slice(0, 2)}/${hex}`;
  }

  referrers(repository: string, subject: Digest): string {
    const { algorithm, hex } = split(subject);
    return join(this.root, "repositories", repository, "_referrers", algorithm, hex);
  }
}

function split(digest: Digest): { readonly algorithm: string; readonly hex: string } {
  const colon = digest.indexOf(":");
  return { algorithm: digest.slice(0, colon), hex: digest.slice(colon + 1) };
}
