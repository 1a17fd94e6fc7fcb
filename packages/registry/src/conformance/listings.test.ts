import assert from "node:assert/strict";
import {
  descriptorOf,
  digestOf,
  EMPTY_JSON,
  everywhere,
  manifestOf,
  OCI_IMAGE,
  OCI_INDEX,
  pushedImage,
  refused,
} from "./visitor.test.ts";
import type { Answer, Manifest, Visitor } from "./visitor.test.ts";

const EMPTY = { mediaType: EMPTY_JSON, digest: digestOf("{}"), size: 2 };

function jsonOf(answer: Answer): Record<string, unknown> {
  const value: Record<string, unknown> = JSON.parse(answer.body.toString());
  return value;
}

function annotationsOf(manifest: Manifest): Record<string, string> {
  const { annotations }: { annotations: Record<string, string> } = JSON.parse(manifest.bytes.toString());
  return annotations;
}

function byDigest(a: { readonly digest: string }, b: { readonly digest: string }): number {
  return a.digest < b.digest ? -1 : 1;
}

/** Reads a list to its end by its links, and gives each page. */
async function pagesOf(visitor: Visitor, path: string, key: string): Promise<readonly unknown[]> {
  const pages: unknown[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", next);
    assert.equal(answer.status, 200);
    pages.push(jsonOf(answer)[key]);
    next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ""))?.[1];
  }
  return pages;
}

async function pushTags(visitor: Visitor, repository: string, tags: readonly string[]): Promise<Manifest> {
  const manifest = manifestOf({ manifests: [] }, OCI_INDEX);
  const query = tags.map((tag) => `tag=${tag}`).join("&");
  await visitor.pushManifest(repository, `${manifest.digest}?${query}`, manifest);
  return manifest;
}

everywhere("tags come in byte order, whole or in pages", async (visitor) => {
  const tags = ["v10", "v9", "latest", "Beta", "_x", "1.0", "a-b"];
  const sorted = ["1.0", "Beta", "_x", "a-b", "latest", "v10", "v9"];
  await pushTags(visitor, "a/b", tags);
  const whole = await visitor.ask("GET", "/v2/a/b/tags/list");
  assert.deepEqual(jsonOf(whole), { name: "a/b", tags: sorted });
  assert.equal(whole.headers.link, undefined);
  assert.deepEqual(await pagesOf(visitor, "/v2/a/b/tags/list?n=3", "tags"), [
    sorted.slice(0, 3),
    sorted.slice(3, 6),
    sorted.slice(6),
  ]);
  assert.deepEqual(await pagesOf(visitor, "/v2/a/b/tags/list?n=7", "tags"), [sorted]);
  for (const [query, expected] of [
    ["last=_x", sorted.slice(3)],
    ["last=v9", []],
    ["n=2&last=Beta", ["_x", "a-b"]],
    ["last=between", sorted.slice(4)],
    ["n=100", sorted],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(jsonOf(await visitor.ask("GET", `/v2/a/b/tags/list?${query}`))["tags"], expected, query);
  }
});

everywhere("no tags are asked for with n=0, and no more are promised", async (visitor) => {
  await pushTags(visitor, "a/b", ["one", "two"]);
  const answer = await visitor.ask("GET", "/v2/a/b/tags/list?n=0");
  assert.equal(answer.status, 200);
  assert.deepEqual(jsonOf(answer), { name: "a/b", tags: [] });
  assert.equal(answer.headers.link, undefined);
  for (const n of ["-1", "x", "1.5", ""]) {
    // oxlint-disable-next-line no-await-in-loop
    refused(await visitor.ask("GET", `/v2/a/b/tags/list?n=${n}`), 400, "UNSUPPORTED");
  }
});

everywhere(
  "a page has as many names as the registry allows, and the rest behind a link",
  async (visitor) => {
    await pushTags(visitor, "a/b", ["1", "2", "3"]);
    assert.deepEqual(await pagesOf(visitor, "/v2/a/b/tags/list", "tags"), [["1", "2"], ["3"]]);
    assert.deepEqual(await pagesOf(visitor, "/v2/a/b/tags/list?n=1000", "tags"), [["1", "2"], ["3"]]);
  },
  { limits: { pageLength: 2 } },
);

everywhere(
  "a repository without tags has an empty list, and one that is not there is unknown",
  async (visitor) => {
    await visitor.pushBlob("a/b/c", "x");
    assert.deepEqual(jsonOf(await visitor.ask("GET", "/v2/a/b/c/tags/list")), { name: "a/b/c", tags: [] });
    refused(await visitor.ask("GET", "/v2/a/b/tags/list"), 404, "NAME_UNKNOWN");
    refused(await visitor.ask("GET", "/v2/nowhere/tags/list"), 404, "NAME_UNKNOWN");
  },
);

everywhere(
  "the catalog has the repositories that hold something, in byte order, whole or in pages",
  async (visitor) => {
    const sorted = ["a", "a-b", "a.b/c", "a/b", "a/b/c", "a/b-c", "ab", "b/a"].toSorted();
    for (const name of sorted.toReversed()) {
      // oxlint-disable-next-line no-await-in-loop
      await pushTags(visitor, name, ["t"]);
    }
    await visitor.pushBlob("only/blobs", "x");
    const emptied = await pushTags(visitor, "was/here", ["t"]);
    await visitor.ask("DELETE", `/v2/was/here/manifests/${emptied.digest}`);
    assert.deepEqual(jsonOf(await visitor.ask("GET", "/v2/_catalog")), { repositories: sorted });
    for (const n of [1, 2, 3, 8]) {
      // oxlint-disable-next-line no-await-in-loop
      const pages = await pagesOf(visitor, `/v2/_catalog?n=${n}`, "repositories");
      assert.deepEqual(pages.flat(), sorted, `in pages of ${n}`);
    }
    for (const [index, name] of sorted.entries()) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitor.ask("GET", `/v2/_catalog?last=${encodeURIComponent(name)}`);
      assert.deepEqual(jsonOf(answer)["repositories"], sorted.slice(index + 1), `after ${name}`);
    }
  },
);

everywhere("nothing refers to what nobody knows, and that is an answer", async (visitor) => {
  for (const repository of ["a/b", "nowhere"]) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", `/v2/${repository}/referrers/${digestOf("unknown")}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], OCI_INDEX);
    assert.deepEqual(jsonOf(answer), { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
  }
  refused(await visitor.ask("GET", "/v2/a/b/referrers/sha256:bad"), 400, "DIGEST_INVALID");
});

everywhere(
  "referrers are listed with their type and annotations, before and after their subject is pushed",
  async (visitor) => {
    const subject = await pushedImage(visitor, "a/b");
    const about = { subject: descriptorOf(subject), layers: [], annotations: { hello: "conformance test" } };
    const artifact = manifestOf({ ...about, artifactType: "application/vnd.example.one", config: EMPTY });
    const other = manifestOf({ ...about, artifactType: "application/vnd.example.two", config: EMPTY });
    const image = manifestOf({
      ...about,
      config: { ...EMPTY, mediaType: "application/vnd.oci.image.config.v1+json" },
    });
    const index = manifestOf({ subject: about.subject, manifests: [] }, OCI_INDEX);
    const typedIndex = manifestOf(
      { subject: about.subject, artifactType: "application/vnd.example.one", manifests: [] },
      OCI_INDEX,
    );
    const all = [artifact, other, image, index, typedIndex];
    for (const manifest of all) {
      // oxlint-disable-next-line no-await-in-loop
      const pushed = await visitor.pushManifest("a/b", manifest.digest, manifest);
      assert.equal(pushed.headers["oci-subject"], subject.digest);
    }
    const plain = await visitor.pushManifest("a/b", "subject", subject);
    assert.equal(plain.headers["oci-subject"], undefined);

    const types = [
      "application/vnd.example.one",
      "application/vnd.example.two",
      "application/vnd.oci.image.config.v1+json",
      undefined,
      "application/vnd.example.one",
    ];
    const expected = all.map((manifest, at) => ({
      ...descriptorOf(manifest),
      ...(types[at] === undefined ? {} : { artifactType: types[at] }),
      annotations: annotationsOf(manifest),
    }));
    const path = `/v2/a/b/referrers/${subject.digest}`;
    const listed = await visitor.ask("GET", path);
    assert.equal(listed.headers["oci-filters-applied"], undefined);
    assert.deepEqual(jsonOf(listed), {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: expected.toSorted(byDigest),
    });

    const filtered = await visitor.ask(
      "GET",
      `${path}?artifactType=${encodeURIComponent("application/vnd.example.one")}`,
    );
    assert.equal(filtered.headers["oci-filters-applied"], "artifactType");
    assert.deepEqual(
      jsonOf(filtered)["manifests"],
      expected
        .filter((descriptor) => descriptor.artifactType === "application/vnd.example.one")
        .toSorted(byDigest),
    );

    assert.equal((await visitor.ask("DELETE", `/v2/a/b/manifests/${artifact.digest}`)).status, 202);
    assert.deepEqual(
      jsonOf(await visitor.ask("GET", path))["manifests"],
      expected.filter(({ digest }) => digest !== artifact.digest).toSorted(byDigest),
    );
    await visitor.pushManifest("a/b", artifact.digest, artifact);
    assert.deepEqual(jsonOf(await visitor.ask("GET", path))["manifests"], expected.toSorted(byDigest));
  },
);

everywhere("a subject of sha512 has its referrers too", async (visitor) => {
  const digest = digestOf("subject", "sha512");
  const referrer = manifestOf({
    config: EMPTY,
    layers: [],
    subject: { mediaType: OCI_IMAGE, digest, size: 7 },
  });
  const pushed = await visitor.pushManifest("a/b", "r", referrer);
  assert.equal(pushed.headers["oci-subject"], digest);
  const listed = jsonOf(await visitor.ask("GET", `/v2/a/b/referrers/${digest}`));
  assert.deepEqual(listed["manifests"], [
    { ...descriptorOf(referrer), artifactType: EMPTY_JSON, annotations: annotationsOf(referrer) },
  ]);
});
