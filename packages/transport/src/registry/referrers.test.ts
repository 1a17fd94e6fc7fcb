import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fromBytes } from "@cooper/archive";
import {
  describeBytes,
  digestBytes,
  EMPTY_BYTES,
  EMPTY_DESCRIPTOR,
  MEDIA_TYPES,
  serializeJson,
} from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import { startDockerRegistry, startPeer } from "@cooper/test";
import type { Peer } from "@cooper/test";
import { openPeer } from "./opening.test.support.ts";
import { fallbackTag } from "./referrers.ts";
import type { RegistryRepository } from "./repository.ts";

const SUBJECT = digestBytes(Buffer.from("subject"));
const REFERRERS = ["a", "b", "c"].map((name) => ({
  ...describeBytes(MEDIA_TYPES.oci.manifest, Buffer.from(name)),
  artifactType: name === "b" ? "application/x-b" : "application/x-other",
  annotations: { name },
}));
const indexOf = (manifests: readonly object[]): Buffer =>
  Buffer.from(serializeJson({ schemaVersion: 2, mediaType: MEDIA_TYPES.oci.index, manifests }));

test("the referrers API has pages, and may leave the filter to us", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    response.setHeader("content-type", MEDIA_TYPES.oci.index);
    if (request.query.get("page") !== null) return void response.end(indexOf(REFERRERS.slice(2)));
    response.setHeader("link", `<${request.path}?page=2>; rel="next"`);
    return void response.end(indexOf(REFERRERS.slice(0, 2)));
  });
  const repository = openPeer(t, peer);
  assert.deepEqual(await repository.referrers(SUBJECT), REFERRERS);
  assert.deepEqual(await repository.referrers(SUBJECT, { artifactType: "application/x-b" }), [REFERRERS[1]]);
});

for (const [name, status, body] of [
  ["404", 404, ""],
  ["a start page", 200, "<html>"],
  ["405", 405, ""],
] as const) {
  test(`where the referrers API is ${name}, the fallback tag is read`, async (t) => {
    const peer = await startPeer(t, (request, response) => {
      if (request.path.includes("/referrers/")) return void response.writeHead(status).end(body);
      if (request.path.endsWith(`/manifests/${SUBJECT.replace(":", "-")}`)) {
        return void response
          .writeHead(200, { "content-type": MEDIA_TYPES.oci.index })
          .end(indexOf(REFERRERS));
      }
      return void response.writeHead(request.path === "/v2/" ? 200 : 404).end();
    });
    const repository = openPeer(t, peer);
    assert.deepEqual(await repository.referrers(SUBJECT, { artifactType: "application/x-b" }), [
      REFERRERS[1],
    ]);
    assert.deepEqual(await repository.referrers(digestBytes(Buffer.from("none"))), []);
  });
}

// --- keeping the fallback tag ---

/** An artifact that refers to SUBJECT, as its publisher pushes it. */
function artifact(name: string): { readonly raw: Uint8Array; readonly descriptor: Descriptor } {
  const raw = serializeJson({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.oci.manifest,
    artifactType: "application/x-note",
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    subject: { mediaType: MEDIA_TYPES.oci.manifest, digest: SUBJECT, size: 7 },
    annotations: { name },
  });
  return { raw, descriptor: describeBytes(MEDIA_TYPES.oci.manifest, raw) };
}

const listed = (name: string): Descriptor => ({
  ...artifact(name).descriptor,
  artifactType: "application/x-note",
  annotations: { name },
});

async function push(repository: RegistryRepository, name: string): Promise<void> {
  await repository.putBlob(EMPTY_DESCRIPTOR, () => fromBytes(EMPTY_BYTES));
  const { raw, descriptor } = artifact(name);
  await repository.putManifest(raw, descriptor);
}

test("the fallback tag lists what refers to a subject, with annotations and artifact type", async (t) => {
  const registry = await startDockerRegistry(t);
  if (registry === undefined) return;
  const repository = openPeer(t, registry);
  await push(repository, "a");
  await push(repository, "b");
  await push(repository, "a"); // again: listed once
  assert.deepEqual(await repository.referrers(SUBJECT), [listed("a"), listed("b")]);
  assert.deepEqual(await Array.fromAsync(repository.tags()), [fallbackTag(SUBJECT)]);
  await repository.deleteManifest(artifact("a").descriptor.digest);
  assert.deepEqual(await repository.referrers(SUBJECT), [listed("b")]);
  await repository.deleteManifest(artifact("b").descriptor.digest);
  assert.deepEqual(await repository.referrers(SUBJECT), []);
  assert.deepEqual(await Array.fromAsync(repository.tags()), []);
});

test("several clients that refer to one subject at once are all listed", async (t) => {
  const registry = await startDockerRegistry(t);
  if (registry === undefined) return;
  const names = ["a", "b", "c", "d", "e", "f"];
  // Once, before: distribution's file store writes its links in place, and reads them half-written.
  await openPeer(t, registry).putBlob(EMPTY_DESCRIPTOR, () => fromBytes(EMPTY_BYTES));
  await Promise.all(names.map(async (name) => await push(openPeer(t, registry), name)));
  const found = await openPeer(t, registry).referrers(SUBJECT);
  assert.deepEqual(found.map(({ annotations }) => annotations?.["name"] ?? "").toSorted(), names);
});

/** A registry that stores manifests by reference, with or without OCI-Subject and the referrers API. */
async function keeper(t: TestContext, has: { readonly api: "api" | "no api" }): Promise<Peer> {
  const manifests = new Map<string, Buffer>();
  return await startPeer(t, async (request, response) => {
    const reference = request.path.split("/").at(-1) ?? "";
    if (request.path.includes("/referrers/")) {
      return has.api === "api" ? response.end(indexOf([])) : response.writeHead(404).end();
    }
    if (request.method === "PUT") {
      const raw = await request.body();
      manifests.set(reference, raw);
      manifests.set(digestBytes(raw), raw);
      return response.writeHead(201, { "oci-subject": SUBJECT }).end();
    }
    const stored = manifests.get(reference);
    if (stored !== undefined)
      return response.writeHead(200, { "content-type": MEDIA_TYPES.oci.index }).end(stored);
    return response.writeHead(request.path === "/v2/" ? 200 : 404).end();
  });
}

test("a registry with the API keeps the list itself", async (t) => {
  const peer = await keeper(t, { api: "api" });
  const { raw, descriptor } = artifact("a");
  await openPeer(t, peer).putManifest(raw, descriptor);
  assert.ok(peer.log.every((line) => !line.includes(fallbackTag(SUBJECT))));
});

test("ECR returns OCI-Subject without having the API, so the header proves nothing", async (t) => {
  const peer = await keeper(t, { api: "no api" });
  const repository = openPeer(t, peer);
  const { raw, descriptor } = artifact("a");
  await repository.putManifest(raw, descriptor);
  assert.deepEqual(await repository.referrers(SUBJECT), [listed("a")]);
});

test("what else stands in the fallback index stays there", async (t) => {
  const peer = await keeper(t, { api: "no api" });
  const repository = openPeer(t, peer);
  const other = { ...REFERRERS[0], "x-unknown": [1, 2] };
  const raw = serializeJson({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.oci.index,
    manifests: [other],
    annotations: { a: "b" },
  });
  await repository.putManifest(raw, describeBytes(MEDIA_TYPES.oci.index, raw), { tag: fallbackTag(SUBJECT) });
  const made = artifact("a");
  await repository.putManifest(made.raw, made.descriptor);
  const kept = await repository.manifest(await repository.resolve({ tag: fallbackTag(SUBJECT) }));
  assert.deepEqual(JSON.parse(Buffer.from(kept).toString()), {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.oci.index,
    manifests: [other, listed("a")],
    annotations: { a: "b" },
  });
});

test("the fallback tag of a long digest is cut as the specification says", () => {
  assert.equal(
    fallbackTag(digestBytes(Buffer.from(""), "sha512")),
    "sha512-cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce",
  );
});
