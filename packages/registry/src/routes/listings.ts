import { methodNotAllowed } from "../call.ts";
import type { Call } from "../call.ts";
import { RegistryError } from "../errors.ts";
import { answerJson, nextLink } from "../http/answer.ts";
import { referrerDescriptor } from "../manifest.ts";
import { storableDigest } from "../names.ts";
import type { Route } from "../route.ts";
import type { Listing, Page } from "../storage/storage.ts";

/** `/v2/<name>/tags/list`: end-8a and end-8b. */
export async function serveTags(call: Call, { repository }: Extract<Route, { kind: "tags" }>): Promise<void> {
  const page = readPage(call);
  const listing = await call.storage.tags(repository, page);
  if (listing === undefined) throw new RegistryError("NAME_UNKNOWN", `there is no repository ${repository}`);
  const link = linkAfter(listing, page, `/v2/${repository}/tags/list`);
  answerJson(call.response, 200, link, { name: repository, tags: listing.names });
}

/** `/v2/_catalog`: Docker's, which the specification leaves out and clients have. */
export async function serveCatalog(call: Call): Promise<void> {
  const page = readPage(call);
  const listing = await call.storage.repositories(page);
  answerJson(call.response, 200, linkAfter(listing, page, "/v2/_catalog"), { repositories: listing.names });
}

/** `/v2/<name>/referrers/<digest>`: end-12a and end-12b. */
export async function serveReferrers(
  call: Call,
  route: Extract<Route, { kind: "referrers" }>,
): Promise<void> {
  requireRead(call);
  const { storage, query, response } = call;
  const digests = await storage.referrers(route.repository, storableDigest(route.digest));
  const manifests = [];
  for (const digest of digests) {
    // oxlint-disable-next-line no-await-in-loop
    const manifest = await storage.manifest(route.repository, digest);
    if (manifest !== undefined)
      manifests.push(referrerDescriptor(manifest.bytes, manifest.mediaType, digest));
  }
  const wanted = query.get("artifactType");
  answerJson(
    response,
    200,
    {
      "Content-Type": "application/vnd.oci.image.index.v1+json",
      ...(wanted === null ? {} : { "OCI-Filters-Applied": "artifactType" }),
    },
    {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: manifests.filter((descriptor) => wanted === null || descriptor.artifactType === wanted),
    },
  );
}

function readPage(call: Call): Page {
  requireRead(call);
  const { query, limits } = call;
  const n = query.get("n");
  if (n !== null && !/^\d{1,15}$/.test(n)) {
    throw new RegistryError("UNSUPPORTED", `n=${JSON.stringify(n.slice(0, 100))} is not a number of names`, {
      status: 400,
    });
  }
  const limit = n === null ? limits.pageLength : Math.min(Number(n), limits.pageLength);
  return { after: query.get("last") ?? undefined, limit };
}

function linkAfter({ names, more }: Listing, { limit }: Page, path: string): Record<string, string> {
  const last = names.at(-1);
  return more && last !== undefined ? { Link: nextLink(path, { last, n: String(limit) }) } : {};
}

function requireRead(call: Call): void {
  if (call.method !== "GET" && call.method !== "HEAD") throw methodNotAllowed(call, "GET, HEAD");
}
