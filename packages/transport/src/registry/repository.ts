import { randomUUID } from "node:crypto";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { fromBytes } from "@cooper/archive";
import { describeBytes, EMPTY_BYTES, EMPTY_DESCRIPTOR, MEDIA_TYPES, serializeJson } from "@cooper/oci";
import type { Descriptor, Digest, MediaType } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import type { ByteRange, ContentSource, Selector, WritableRepository } from "../repository.ts";
import { CATALOG_SCOPE, repositoryScope } from "./auth/scope.ts";
import { RegistryClient } from "./client.ts";
import { blobSize, downloadBlob, hasBlob } from "./download.ts";
import type { RateLimit } from "./http/rate-limit.ts";
import { findManifest, readManifest, removeManifest, resolveManifest, writeManifest } from "./manifests.ts";
import type { Place } from "./manifests.ts";
import type { RegistryOptions } from "./options.ts";
import { listNames } from "./pages.ts";
import { referrerOf, Referrers } from "./referrers.ts";
import { uploadBlob, uploadUnknownBlob } from "./upload/upload-blob.ts";

/** Which repository: the part of a `docker` reference that says it. */
export interface RepositoryName {
  /** `docker.io`, `localhost:5000` */
  readonly host: string;
  /** `library/alpine` */
  readonly repository: string;
}

export interface OpenRegistryOptions extends RegistryOptions {
  /**
   * Shares connections, tokens of the host and its limits with other repositories, and stays open
   * when this one is closed. Its own options count, and those beside it do not.
   */
  readonly client?: RegistryClient | undefined;
}

/** A repository of a registry. */
export interface RegistryRepository extends WritableRepository {
  readonly host: string;
  readonly repository: string;
  /** A blob's size in bytes, without reading it. `NOT_FOUND` */
  blobSize(digest: Digest, options?: Cancellable): Promise<number>;
  deleteBlob(digest: Digest, options?: Cancellable): Promise<void>;
  /** What the registry said last about how much it still allows. */
  rateLimit(): RateLimit | undefined;
}

/**
 * Opens a repository of a registry (OCI distribution-spec 1.1; Docker's registry API). Nothing is
 * sent before the first call. Its methods throw `TransportError`: UNREACHABLE, TLS, TIMEOUT,
 * UNAUTHORIZED, DENIED, NOT_FOUND, UNSUPPORTED, REFUSED, TOO_LARGE, TOO_MANY_REQUESTS,
 * REGISTRY_FAILED, BAD_RESPONSE, UNSAFE_ADDRESS, AUTH_FILE; and what the content's own source throws.
 */
export function openRegistryRepository(
  { host, repository }: RepositoryName,
  options: OpenRegistryOptions = {},
): RegistryRepository {
  const client = options.client ?? new RegistryClient(options);
  const session = client.session(host, repository);
  const place: Place = { session, repository };
  const referrers = new Referrers(place);
  return {
    host,
    repository,
    name: session.name,
    resolve: async (selector: Selector, cancel?: Cancellable) =>
      await resolveManifest(place, selector, cancel),
    manifest: async (descriptor: Descriptor, cancel?: Cancellable) =>
      await readManifest(place, descriptor, cancel),
    blob: (descriptor: Descriptor, read?: Cancellable & { readonly range?: ByteRange }): ByteStream =>
      downloadBlob(place, descriptor, read),
    hasBlob: async (descriptor: Descriptor, cancel?: Cancellable) => await hasBlob(place, descriptor, cancel),
    blobSize: async (digest: Digest, cancel?: Cancellable) => await blobSize(place, digest, cancel),
    tags: (cancel?: Cancellable) =>
      listNames(
        session,
        {
          path: `/v2/${repository}/tags/list`,
          key: "tags",
          scopes: [repositoryScope(repository, "pull")],
          what: "list tags",
        },
        cancel,
      ),
    referrers: async (digest: Digest, read?: Cancellable & { readonly artifactType?: MediaType }) =>
      await referrers.list(digest, read),
    putBlob: async (
      descriptor: Descriptor,
      content: ContentSource,
      write?: Cancellable & { readonly from?: string },
    ) => await uploadBlob(place, descriptor, content, write),
    putUnknownBlob: async (content: ContentSource, cancel?: Cancellable) =>
      await uploadUnknownBlob(place, content, cancel),
    putManifest: async (
      raw: Uint8Array,
      descriptor: Descriptor,
      write?: Cancellable & { readonly tag?: string },
    ) => {
      const referrer = referrerOf(raw, descriptor);
      await writeManifest(place, raw, descriptor, write);
      if (referrer !== undefined) await referrers.add(referrer, write);
    },
    deleteTag: async (tag: string, cancel?: Cancellable) => await deleteTag(place, tag, cancel),
    deleteManifest: async (digest: Digest, cancel?: Cancellable) => {
      const kept = await referrers.hasApi(digest, cancel?.signal);
      const found = kept ? undefined : await findManifest(place, { digest }, cancel);
      await removeManifest(place, { digest }, cancel);
      const referrer = found === undefined ? undefined : referrerOf(found.bytes, found.descriptor);
      if (referrer !== undefined) await referrers.remove(referrer, cancel);
    },
    deleteBlob: async (digest: Digest, { signal }: Cancellable = {}) => {
      const reply = await session.send({
        method: "DELETE",
        target: `/v2/${repository}/blobs/${digest}`,
        scopes: [repositoryScope(repository, "delete", "pull", "push")],
        what: `delete blob ${digest}`,
        accept: [202, 200, 204],
        attempts: session.attempts(signal),
        signal,
      });
      await reply.drop();
    },
    rateLimit: () => session.host.rateLimit,
    close: async () => {
      if (options.client === undefined) await client.close();
    },
  };
}

/** The names of a registry's repositories, where it lets them be listed. `UNSUPPORTED`, `UNAUTHORIZED`, `NOT_FOUND` */
export async function* listRepositories(
  host: string,
  options: OpenRegistryOptions & Cancellable = {},
): AsyncGenerator<string, void, undefined> {
  const client = options.client ?? new RegistryClient(options);
  const listing = {
    path: "/v2/_catalog",
    key: "repositories",
    scopes: [CATALOG_SCOPE],
    what: "list repositories",
  } as const;
  try {
    yield* listNames(client.session(host), listing, { signal: options.signal });
  } finally {
    if (options.client === undefined) await client.close();
  }
}

/**
 * Removes a tag and keeps what it named. Distribution 2.x deletes by digest only, and that would take
 * every other tag of the same manifest along: there the tag is first moved to a manifest of its own.
 */
async function deleteTag(place: Place, tag: string, { signal }: Cancellable = {}): Promise<void> {
  try {
    await removeManifest(place, { tag }, { signal });
    return;
  } catch (error) {
    if (!isFault(error, "UNSUPPORTED", "REFUSED")) throw error;
  }
  await resolveManifest(place, { tag }, { signal }); // NOT_FOUND, rather than making the tag to delete it
  await uploadBlob(place, EMPTY_DESCRIPTOR, () => fromBytes(EMPTY_BYTES), { signal });
  const raw = serializeJson({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.oci.manifest,
    artifactType: "application/vnd.cooper.deleted-tag",
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    annotations: { "cooper.deleted-tag": randomUUID() },
  });
  const descriptor = describeBytes(MEDIA_TYPES.oci.manifest, raw);
  await writeManifest(place, raw, descriptor, { tag, signal });
  await removeManifest(place, { digest: descriptor.digest }, { signal });
}
