import type { Cancellable } from "@cooper/archive";
import {
  checkableAlgorithm,
  checkBytes,
  digestAlgorithm,
  digestBytes,
  isDigest,
  isTag,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  sniffMediaType,
} from "@cooper/oci";
import type { Descriptor, Digest, MediaType } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import type { Selector } from "../repository.ts";
import { repositoryScope } from "./auth/scope.ts";
import type { Reply } from "./http/reply.ts";
import type { RegistrySession } from "./session.ts";

/** A repository of a registry, and how to speak to it. */
export interface Place {
  readonly session: RegistrySession;
  /** `library/alpine` */
  readonly repository: string;
}

const MANIFEST_TYPES: readonly MediaType[] = [
  MEDIA_TYPES.oci.index,
  MEDIA_TYPES.oci.manifest,
  MEDIA_TYPES.docker.index,
  MEDIA_TYPES.docker.manifest,
];

/** A manifest's descriptor, by HEAD where that tells everything (distribution-spec, end-3). */
export async function resolveManifest(
  place: Place,
  selector: Selector,
  { signal }: Cancellable = {},
): Promise<Descriptor> {
  const { session, repository } = place;
  const request = {
    target: manifestPath(place, selector),
    scopes: [repositoryScope(repository, "pull")],
    headers: { accept: MANIFEST_TYPES.join(", ") },
    what: describe(selector),
    attempts: session.attempts(signal),
    signal,
  } as const;
  // Some registries do not know HEAD here and say so in one of these ways.
  const head = await session.send({ ...request, method: "HEAD", accept: [200, 400, 405, 501] });
  await head.drop();
  const told = head.status === 200 ? headDescriptor(head, selector) : undefined;
  if (told !== undefined) return told;
  const { reply, bytes } = await session.receive(
    { ...request, method: "GET", accept: [200] },
    manifestLimit(place),
  );
  return bodyDescriptor(place, selector, reply, bytes);
}

/** A manifest's bytes, checked (end-3). `TOO_LARGE`, and the faults of `checkBytes`. */
export async function readManifest(
  place: Place,
  descriptor: Descriptor,
  { signal }: Cancellable = {},
): Promise<Uint8Array> {
  const { session, repository } = place;
  const limit = manifestLimit(place);
  const selector = { digest: descriptor.digest };
  if (descriptor.size > limit) {
    throw new TransportError(
      "TOO_LARGE",
      `${session.name}: ${describe(selector)} has ${descriptor.size} bytes`,
      {
        advice: `At most ${limit} are allowed; raise manifestLimit if this is meant to be so.`,
        fields: { digest: descriptor.digest, size: descriptor.size, limit },
      },
    );
  }
  const { bytes } = await session.receive(
    {
      method: "GET",
      target: manifestPath(place, selector),
      scopes: [repositoryScope(repository, "pull")],
      headers: { accept: [...new Set([descriptor.mediaType, ...MANIFEST_TYPES])].join(", ") },
      what: describe(selector),
      accept: [200],
      attempts: session.attempts(signal),
      signal,
    },
    limit,
  );
  checkBytes(bytes, descriptor, session.name);
  return bytes;
}

/** A manifest by tag with its bytes, or nothing if there is none. */
export async function findManifest(
  place: Place,
  selector: Selector,
  { signal }: Cancellable = {},
): Promise<{ readonly descriptor: Descriptor; readonly bytes: Uint8Array } | undefined> {
  const { session, repository } = place;
  const { reply, bytes } = await session.receive(
    {
      method: "GET",
      target: manifestPath(place, selector),
      scopes: [repositoryScope(repository, "pull")],
      headers: { accept: MANIFEST_TYPES.join(", ") },
      what: describe(selector),
      accept: [200, 404],
      attempts: session.attempts(signal),
      signal,
    },
    manifestLimit(place),
  );
  if (reply.status === 404) return undefined;
  return { descriptor: bodyDescriptor(place, selector, reply, bytes), bytes };
}

/** Stores a manifest (end-7); gives the subject that the registry took note of, if it did. */
export async function writeManifest(
  place: Place,
  raw: Uint8Array,
  descriptor: Descriptor,
  { tag, signal }: Cancellable & { readonly tag?: string | undefined } = {},
): Promise<{ readonly subject: string | undefined }> {
  const { session, repository } = place;
  checkBytes(raw, descriptor, session.name);
  const selector = tag === undefined ? { digest: descriptor.digest } : { tag };
  const reply = await session.send({
    method: "PUT",
    target: manifestPath(place, selector),
    scopes: [repositoryScope(repository, "pull", "push")],
    headers: { "content-type": descriptor.mediaType },
    body: raw,
    what: describe(selector),
    accept: [201, 200, 202, 204],
    attempts: session.attempts(signal),
    signal,
  });
  await reply.drop();
  assertStored(place, descriptor.digest, reply);
  return { subject: reply.header("oci-subject") };
}

/** Removes a manifest, or only a tag (end-9). `NOT_FOUND`, `UNSUPPORTED` */
export async function removeManifest(
  place: Place,
  selector: Selector,
  { signal }: Cancellable = {},
): Promise<void> {
  const { session, repository } = place;
  const reply = await session.send({
    method: "DELETE",
    target: manifestPath(place, selector),
    // A registry may have a right of its own for this; one that has not gives what it has.
    scopes: [repositoryScope(repository, "delete", "pull", "push")],
    what: `delete ${describe(selector)}`,
    accept: [202, 200, 204],
    attempts: session.attempts(signal),
    signal,
  });
  await reply.drop();
}

/** The registry's own word on what it stored must be ours. `BAD_RESPONSE` */
export function assertStored(place: Place, digest: Digest, reply: Reply): void {
  const stored = reply.header("docker-content-digest");
  if (stored === undefined || !isDigest(stored)) return;
  if (digestAlgorithm(stored) === digestAlgorithm(digest) && stored !== digest) {
    throw inconsistent(place, digest, stored);
  }
}

function manifestLimit({ session }: Place): number {
  return session.options.manifestLimit ?? MAX_MANIFEST_BYTES;
}

function manifestPath({ repository, session }: Place, selector: Selector): string {
  if ("tag" in selector && !isTag(selector.tag)) {
    throw new TransportError(
      "INVALID_OPTIONS",
      `${session.name}: ${JSON.stringify(selector.tag)} is not a tag`,
      {
        kind: "usage",
        advice:
          "A tag has at most 128 letters, digits, underscores, dots and dashes, the first no dot or dash.",
      },
    );
  }
  return `/v2/${repository}/manifests/${"tag" in selector ? selector.tag : selector.digest}`;
}

function describe(selector: Selector): string {
  return "tag" in selector ? `tag ${selector.tag}` : `manifest ${selector.digest}`;
}

/** What HEAD told, if that is all of it. */
function headDescriptor(reply: Reply, selector: Selector): Descriptor | undefined {
  const digest = reply.header("docker-content-digest");
  const size = reply.contentLength();
  const mediaType = manifestType(reply);
  const encoded = (reply.header("content-encoding") ?? "identity") !== "identity"; // then the length is not ours
  if (digest === undefined || !isDigest(digest) || !size || mediaType === undefined || encoded)
    return undefined;
  // A registry may know a manifest by another algorithm's digest; the one that was asked for stands.
  if ("digest" in selector && selector.digest !== digest) {
    if (digestAlgorithm(digest) === digestAlgorithm(selector.digest)) return undefined;
    return { mediaType, digest: selector.digest, size };
  }
  return { mediaType, digest, size };
}

function bodyDescriptor(place: Place, selector: Selector, reply: Reply, bytes: Uint8Array): Descriptor {
  const told = reply.header("docker-content-digest");
  const expected =
    "digest" in selector ? selector.digest : told !== undefined && isDigest(told) ? told : undefined;
  const digest = digestBytes(bytes, expected === undefined ? "sha256" : checkableAlgorithm(expected));
  if (expected !== undefined && digest !== expected) throw inconsistent(place, expected, digest);
  return { mediaType: manifestType(reply) ?? sniffMediaType(bytes), digest, size: bytes.byteLength };
}

function manifestType(reply: Reply): MediaType | undefined {
  const type = reply.contentType();
  if (type === undefined || !/^application\/vnd\.\S+json$|^application\/\S+prettyjws$/.test(type))
    return undefined;
  return type;
}

function inconsistent({ session }: Place, expected: Digest, actual: Digest): TransportError {
  return new TransportError("BAD_RESPONSE", `${session.name}: expected ${expected}, but it is ${actual}`, {
    advice: "The content was damaged or replaced on its way: try again, and tell the registry's operator.",
    fields: { expected, actual },
  });
}
