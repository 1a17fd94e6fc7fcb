import { createHash } from "node:crypto";
import { isFault } from "@cooper/sys";
import { collect } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { methodNotAllowed } from "../call.ts";
import type { Call } from "../call.ts";
import { RegistryError } from "../errors.ts";
import { answer } from "../http/answer.ts";
import { bodyOf } from "../http/body.ts";
import { inspectManifest } from "../manifest.ts";
import type { ManifestFacts } from "../manifest.ts";
import { algorithmOf, isTag, storableDigest } from "../names.ts";
import type { Route } from "../route.ts";
import { isUnchanged } from "./unchanged.ts";

type ManifestRoute = Extract<Route, { kind: "manifest" }>;

/** More tags in one request than anyone needs; the specification asks for ten. */
const MAX_TAGS = 100;

/** `/v2/<name>/manifests/<reference>`: end-3, end-7a, end-7b and end-9. */
export async function serveManifest(call: Call, route: ManifestRoute): Promise<void> {
  switch (call.method) {
    case "GET":
    case "HEAD":
      return await getManifest(call, route);
    case "PUT":
      return await putManifest(call, route);
    case "DELETE":
      return await deleteManifest(call, route);
    default:
      throw methodNotAllowed(call, "GET, HEAD, PUT, DELETE");
  }
}

async function getManifest({ request, response, storage }: Call, route: ManifestRoute): Promise<void> {
  const { repository, reference } = route;
  const digest = isDigestReference(reference)
    ? storableDigest(reference)
    : isTag(reference)
      ? await storage.tag(repository, reference)
      : undefined;
  const manifest = digest === undefined ? undefined : await storage.manifest(repository, digest);
  if (digest === undefined || manifest === undefined) throw manifestUnknown(route);
  const headers = {
    "Content-Type": manifest.mediaType,
    "Docker-Content-Digest": digest,
    ETag: `"${digest}"`,
    "X-Content-Type-Options": "nosniff",
  };
  if (isUnchanged(request, digest)) answer(response, 304, headers);
  else answer(response, 200, headers, manifest.bytes);
}

async function putManifest(call: Call, { repository, reference }: ManifestRoute): Promise<void> {
  const { request, response, query, storage, options } = call;
  const tags = [...(isDigestReference(reference) ? [] : [reference]), ...query.getAll("tag")];
  const wrong = tags.find((tag) => !isTag(tag));
  if (wrong !== undefined) {
    throw new RegistryError("MANIFEST_INVALID", `${JSON.stringify(wrong.slice(0, 200))} is not a tag`, {
      advice: "A tag has up to 128 letters, digits and . _ - and begins with none of . -",
    });
  }
  if (tags.length > MAX_TAGS) {
    throw new RegistryError("UNSUPPORTED", `${tags.length} tags in one request, more than ${MAX_TAGS}`, {
      status: 414,
    });
  }
  const expected = isDigestReference(reference) ? storableDigest(reference) : undefined;

  const bytes = await readManifest(call);
  const algorithm = expected === undefined ? "sha256" : algorithmOf(expected);
  const digest = storableDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`);
  if (expected !== undefined && expected !== digest) {
    throw new RegistryError("DIGEST_INVALID", `the manifest's digest is ${digest} and not ${expected}`, {
      fields: { expected, actual: digest },
    });
  }
  const facts = inspectManifest(bytes, request.headers["content-type"]);
  if (options.references === "stored") await requireReferences(call, repository, facts);

  const { mediaType, subject } = facts;
  const storable = subject === undefined ? undefined : storableDigest(subject);
  await storage.putManifest(repository, { digest, mediaType, bytes, subject: storable, tags });
  answer(response, 201, {
    Location: `/v2/${repository}/manifests/${digest}`,
    "Docker-Content-Digest": digest,
    ...(subject === undefined ? {} : { "OCI-Subject": subject }),
    ...(expected === undefined || tags.length === 0 ? {} : { "OCI-Tag": tags }),
  });
}

async function readManifest({ request, limits }: Call): Promise<Buffer> {
  const limit = limits.manifestBytes;
  const tooLarge = (): RegistryError =>
    new RegistryError("SIZE_INVALID", `a manifest may have ${limit} bytes here`, {
      status: 413,
      fields: { limit },
    });
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge();
  try {
    return await collect(bodyOf(request), { limit });
  } catch (error) {
    throw isFault(error, "LIMIT_EXCEEDED") ? tooLarge() : error;
  }
}

async function requireReferences({ storage }: Call, repository: string, facts: ManifestFacts): Promise<void> {
  const missing: Digest[] = [];
  for (const digest of new Set(facts.blobs.map((blob) => blob.digest))) {
    // oxlint-disable-next-line no-await-in-loop
    if ((await storage.blobSize(repository, digest)) === undefined) missing.push(digest);
  }
  for (const digest of new Set(facts.manifests)) {
    // oxlint-disable-next-line no-await-in-loop
    if ((await storage.manifest(repository, digest)) === undefined) missing.push(digest);
  }
  if (missing.length === 0) return;
  throw new RegistryError("MANIFEST_BLOB_UNKNOWN", `${repository} has not got ${missing.join(", ")}`, {
    status: 400,
    advice: "Push what a manifest names before the manifest.",
  });
}

async function deleteManifest({ response, storage }: Call, route: ManifestRoute): Promise<void> {
  const { repository, reference } = route;
  const deleted = isDigestReference(reference)
    ? await storage.deleteManifest(repository, storableDigest(reference))
    : isTag(reference) && (await storage.deleteTag(repository, reference));
  if (!deleted) throw manifestUnknown(route);
  answer(response, 202, {});
}

function isDigestReference(reference: string): boolean {
  return reference.includes(":");
}

function manifestUnknown({ repository, reference }: ManifestRoute): RegistryError {
  return new RegistryError(
    "MANIFEST_UNKNOWN",
    `${repository} has no manifest ${JSON.stringify(reference.slice(0, 200))}`,
  );
}
