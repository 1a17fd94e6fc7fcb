// What the official conformance program asks of manifests, in its order and by its names, of the service as
// an operator runs it: https://github.com/opencontainers/distribution-spec/tree/main/conformance
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startService } from "../serve/service.fixture.ts";
import { KINDS } from "./content.fixture.ts";
import type { Content, Descriptor } from "./content.fixture.ts";
import { located, OCI_IMAGE, OCI_INDEX, visitorOf } from "./visitor.test.ts";
import type { Answer, Visitor } from "./visitor.test.ts";

const REPOSITORY = "conformance/repo1";

async function open(t: TestContext): Promise<Visitor> {
  return visitorOf(t, (await startService(t)).url);
}

async function assertDeleted(visitor: Visitor, path: string): Promise<void> {
  assert.equal((await visitor.ask("DELETE", path)).status, 202);
  assert.equal((await visitor.ask("HEAD", path)).status, 404, "it is gone at once");
}

for (const [kind, fill] of Object.entries(KINDS)) {
  for (const [algorithm, tagging] of [
    ["sha256", "by tag"],
    ["sha256", "by parameter"],
    ["sha512", "by parameter"],
  ] as const) {
    test(`conformance: ${kind}, ${algorithm}, tagged ${tagging}: push, list, head, pull, referrers, delete`, async (t) => {
      const visitor = await open(t);
      const content: Content = { algorithm, blobs: new Map(), manifests: [], tags: new Map() };
      fill(content);
      for (const bytes of content.blobs.values()) {
        // oxlint-disable-next-line no-await-in-loop
        await visitor.pushBlob(REPOSITORY, bytes, algorithm);
      }
      await pushManifests(visitor, content, tagging);
      await assertTags(visitor, [...content.tags.keys()]);
      await assertManifests(visitor, content);
      await assertReferrers(visitor, content);
      for (const path of [
        ...[...content.tags.keys()].map((tag) => `manifests/${tag}`),
        ...content.manifests.map(({ digest }) => `manifests/${digest}`).toReversed(),
        ...[...content.blobs.keys()].map((digest) => `blobs/${digest}`),
      ]) {
        // oxlint-disable-next-line no-await-in-loop
        await assertDeleted(visitor, `/v2/${REPOSITORY}/${path}`);
      }
    });
  }
}

async function pushManifests(
  visitor: Visitor,
  content: Content,
  tagging: "by tag" | "by parameter",
): Promise<void> {
  for (const { digest, bytes, value } of content.manifests) {
    const tags = [...content.tags].filter(([, tagged]) => tagged === digest).map(([tag]) => tag);
    const query = tags.map((tag) => `tag=${tag}`).join("&");
    const references =
      tagging === "by parameter" ? [query === "" ? digest : `${digest}?${query}`] : [digest, ...tags];
    for (const reference of references) {
      // Go's client does not say how long a manifest is.
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitor.ask("PUT", `/v2/${REPOSITORY}/manifests/${reference}`, {
        body: bytes,
        framing: "chunked",
        headers: { "Content-Type": String(value["mediaType"]) },
      });
      assert.equal(answer.status, 201, answer.body.toString());
      assert.equal(answer.headers["docker-content-digest"], digest);
      const { subject } = value as { subject?: Descriptor };
      assert.equal(answer.headers["oci-subject"], subject?.digest);
      if (tagging === "by parameter" && tags.length > 0) {
        assert.deepEqual(String(answer.headers["oci-tag"]).split(/, */), tags);
      }
      // oxlint-disable-next-line no-await-in-loop
      assert.ok((await visitor.ask("GET", located(answer))).body.equals(bytes));
    }
  }
}

async function assertTags(visitor: Visitor, tags: readonly string[]): Promise<void> {
  const list = async (query: string): Promise<readonly string[]> => {
    const answer = await visitor.ask("GET", `/v2/${REPOSITORY}/tags/list${query}`);
    assert.equal(answer.status, 200);
    const { name, tags: names }: { name: string; tags: string[] } = JSON.parse(answer.body.toString());
    assert.equal(name, REPOSITORY);
    return names;
  };
  const sorted = tags.toSorted();
  assert.deepEqual(await list(""), sorted);
  const [first] = sorted;
  if (first !== undefined) assert.deepEqual(await list(`?last=${first}`), sorted.slice(1));
}

async function assertManifests(visitor: Visitor, { manifests, tags }: Content): Promise<void> {
  for (const { digest, bytes, value } of manifests) {
    const names = [...tags].filter(([, tagged]) => tagged === digest).map(([tag]) => tag);
    for (const reference of [digest, ...names]) {
      for (const method of ["HEAD", "GET"]) {
        // oxlint-disable-next-line no-await-in-loop
        const answer = await visitor.ask(method, `/v2/${REPOSITORY}/manifests/${reference}`, {
          headers: { Accept: `${OCI_INDEX}, ${OCI_IMAGE}` },
        });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers["content-type"], value["mediaType"]);
        assert.equal(answer.headers["content-length"], String(bytes.byteLength));
        assert.equal(answer.headers["docker-content-digest"], digest);
        assert.ok(answer.body.equals(method === "GET" ? bytes : Buffer.alloc(0)));
      }
    }
  }
}

async function assertReferrers(visitor: Visitor, { manifests }: Content): Promise<void> {
  const expected = new Map<string, object[]>();
  for (const { digest, bytes, value } of manifests) {
    const { subject, config, annotations } = value as {
      subject?: Descriptor;
      config?: Descriptor;
      annotations?: object;
    };
    if (subject === undefined) continue;
    const artifactType = value["artifactType"] ?? config?.mediaType;
    const descriptor = {
      mediaType: value["mediaType"],
      digest,
      size: bytes.byteLength,
      artifactType,
      ...(annotations === undefined ? {} : { annotations }),
    };
    expected.set(subject.digest, [...(expected.get(subject.digest) ?? []), descriptor]);
  }
  const ask = async (subject: string, query: string): Promise<{ answer: Answer; list: object[] }> => {
    const answer = await visitor.ask("GET", `/v2/${REPOSITORY}/referrers/${subject}${query}`);
    assert.equal(answer.headers["content-type"], OCI_INDEX);
    const { manifests: list }: { manifests: object[] } = JSON.parse(answer.body.toString());
    return { answer, list };
  };
  for (const [subject, goal] of expected) {
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(byDigest((await ask(subject, "")).list), byDigest(goal));
    for (const type of new Set(goal.map((descriptor) => (descriptor as Descriptor)["artifactType"]))) {
      // oxlint-disable-next-line no-await-in-loop
      const { answer, list } = await ask(subject, `?artifactType=${encodeURIComponent(String(type))}`);
      assert.equal(answer.headers["oci-filters-applied"], "artifactType");
      const wanted = goal.filter((descriptor) => (descriptor as Descriptor)["artifactType"] === type);
      assert.deepEqual(byDigest(list), byDigest(wanted));
    }
  }
}

function byDigest(list: readonly object[]): readonly object[] {
  return list.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}

test("conformance: manifests that are missing, malformed or not what they say", async (t) => {
  const visitor = await open(t);
  const content: Content = { algorithm: "sha256", blobs: new Map(), manifests: [], tags: new Map() };
  KINDS["image"]?.(content);
  const [{ digest, bytes } = { digest: "", bytes: Buffer.alloc(0) }] = content.manifests;
  const put = async (reference: string, body: Buffer): Promise<number> => {
    const headers = { "Content-Type": OCI_IMAGE };
    return (await visitor.ask("PUT", `/v2/${REPOSITORY}/manifests/${reference}`, { body, headers })).status;
  };
  assert.equal(await put("sha256:baddigeststring", bytes), 400);
  assert.equal(await put(digest, Buffer.concat([bytes, Buffer.from("  ")])), 400);
  for (const reference of [digest, "missing-tag"]) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("GET", `/v2/${REPOSITORY}/manifests/${reference}`)).status, 404);
  }
  const malformed = await visitor.ask("GET", `/v2/${REPOSITORY}/manifests/sha256:baddigeststring`);
  assert.ok([400, 404].includes(malformed.status));
});
