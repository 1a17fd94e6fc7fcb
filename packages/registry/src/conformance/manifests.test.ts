import assert from "node:assert/strict";
import {
  descriptorOf,
  digestOf,
  EMPTY_JSON,
  everywhere,
  located,
  manifestOf,
  OCI_IMAGE,
  OCI_INDEX,
  pushedImage,
  rawManifest,
  refused,
  someBytes,
} from "./visitor.test.ts";
import type { Manifest, Visitor } from "./visitor.test.ts";

const EXAMPLE = "application/vnd.example.oci.conformance.v1";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const MISSING = { mediaType: LAYER, digest: digestOf("missing content"), size: 123 };
const EMPTY = { mediaType: EMPTY_JSON, digest: digestOf("{}"), size: 2 };
const NOWHERE = { ...MISSING, mediaType: LAYER.replace("layer.v1", "layer.nondistributable.v1") };

/** The data of the conformance program: what a registry must take as it is and give back. */
const DATA: Readonly<Record<string, (visitor: Visitor) => Promise<Manifest>>> = {
  "an image": async (visitor) => await pushedImage(visitor, "a/b"),
  "an image of Docker's": async (visitor) => {
    const { bytes } = await pushedImage(visitor, "a/b");
    const docker = "application/vnd.docker.distribution.manifest.v2+json";
    return rawManifest(bytes.toString().replace(OCI_IMAGE, docker), docker);
  },
  "a large manifest": async (visitor) => {
    const annotations = Object.fromEntries(
      Array.from({ length: 390 }, (_, i) => [`large-${i}`, "A".repeat(10_000)]),
    );
    return await pushedImage(visitor, "a/b", { annotations });
  },
  "an index": async (visitor) => {
    const children = [await pushedImage(visitor, "a/b"), await pushedImage(visitor, "a/b")];
    await Promise.all(children.map(async (child) => await visitor.pushManifest("a/b", child.digest, child)));
    return manifestOf({ manifests: children.map((child) => descriptorOf(child)) }, OCI_INDEX);
  },
  "a nested index": async (visitor) => {
    const inner = manifestOf({ manifests: [] }, OCI_INDEX);
    await visitor.pushManifest("a/b", inner.digest, inner);
    return manifestOf({ manifests: [descriptorOf(inner)] }, OCI_INDEX);
  },
  "an empty index": async () => manifestOf({ manifests: [] }, OCI_INDEX),
  "an artifact": async (visitor) => {
    const digest = await visitor.pushBlob("a/b", "some artifact");
    await visitor.pushBlob("a/b", "{}");
    return manifestOf({
      artifactType: EXAMPLE,
      config: EMPTY,
      layers: [{ mediaType: EXAMPLE, digest, size: 13 }],
    });
  },
  "an artifact index": async () => manifestOf({ artifactType: EXAMPLE, manifests: [] }, OCI_INDEX),
  "an artifact without layers": async () =>
    manifestOf({ artifactType: EXAMPLE, config: EMPTY, layers: [EMPTY] }),
  "an image without layers": async () => manifestOf({ config: EMPTY, layers: [] }),
  "an image whose layers are null": async () => manifestOf({ config: EMPTY, layers: null }),
  "a manifest whose subject is missing": async () =>
    manifestOf({ config: EMPTY, layers: [], subject: { ...MISSING, mediaType: OCI_IMAGE } }),
  "data in a descriptor": async () => manifestOf({ config: { ...EMPTY, data: "e30=" }, layers: [] }),
  "a non-distributable layer": async () =>
    manifestOf({ config: EMPTY, layers: [{ ...NOWHERE, urls: ["https://store.example.com/x"] }] }),
  "fields that nobody knows": async () =>
    manifestOf({ config: EMPTY, layers: [], "org.example": { a: [1, null] } }),
  "a sparse image": async () => manifestOf({ config: EMPTY, layers: [MISSING] }),
  "a sparse index": async () => manifestOf({ manifests: [{ ...MISSING, mediaType: OCI_IMAGE }] }, OCI_INDEX),
  "odd spacing and key order": async () =>
    rawManifest(`\n{ "layers" : [ ],\t"config":${JSON.stringify(EMPTY)},\r\n"schemaVersion":2 }  `),
  "a media type that nobody knows": async () =>
    rawManifest('{"any":"thing"}', "application/vnd.example.thing+json"),
  "bytes that are no JSON": async () => rawManifest(someBytes(100), "application/vnd.example.bytes"),
};

for (const [name, make] of Object.entries(DATA)) {
  everywhere(`${name} is stored and given back byte by byte`, async (visitor) => {
    const manifest = await make(visitor);
    const { digest, bytes, mediaType } = manifest;
    for (const reference of [digest, "tag.1"]) {
      // oxlint-disable-next-line no-await-in-loop
      const pushed = await visitor.pushManifest("a/b", reference, manifest);
      assert.equal(pushed.status, 201, pushed.body.toString());
      assert.equal(pushed.headers["docker-content-digest"], digest);
      assert.equal(located(pushed), `/v2/a/b/manifests/${digest}`);
      for (const method of ["HEAD", "GET"]) {
        // oxlint-disable-next-line no-await-in-loop
        const answer = await visitor.ask(method, `/v2/a/b/manifests/${reference}`);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers["content-type"], mediaType);
        assert.equal(answer.headers["content-length"], String(bytes.byteLength));
        assert.equal(answer.headers["docker-content-digest"], digest);
        assert.ok(answer.body.equals(method === "HEAD" ? Buffer.alloc(0) : bytes));
      }
    }
  });
}

everywhere(
  "a manifest is stored by sha512 when it is pushed so, and its tags come as parameters",
  async (visitor) => {
    const manifest = await pushedImage(visitor, "a/b");
    const digest = digestOf(manifest.bytes, "sha512");
    const pushed = await visitor.pushManifest("a/b", `${digest}?tag=one&tag=two`, manifest);
    assert.equal(pushed.status, 201);
    assert.equal(pushed.headers["docker-content-digest"], digest);
    for (const reference of [digest, "one", "two"]) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitor.ask("GET", `/v2/a/b/manifests/${reference}`);
      assert.equal(answer.headers["docker-content-digest"], digest);
      assert.ok(answer.body.equals(manifest.bytes));
    }
    refused(await visitor.ask("GET", `/v2/a/b/manifests/${manifest.digest}`), 404, "MANIFEST_UNKNOWN");
  },
);

everywhere("ten tags and more can be set with a push by digest, and each is confirmed", async (visitor) => {
  const manifest = await pushedImage(visitor, "a/b");
  const tags = Array.from({ length: 20 }, (_, index) => `t${index}`);
  const query = tags.map((tag) => `tag=${tag}`).join("&");
  const pushed = await visitor.pushManifest("a/b", `${manifest.digest}?${query}`, manifest);
  assert.deepEqual(String(pushed.headers["oci-tag"]).split(", "), tags);
  const listed = await visitor.ask("GET", "/v2/a/b/tags/list");
  assert.deepEqual(JSON.parse(listed.body.toString()), { name: "a/b", tags: tags.toSorted() });
  refused(
    await visitor.pushManifest("a/b", `${manifest.digest}?tag=.bad`, manifest),
    400,
    "MANIFEST_INVALID",
  );
  const many = Array.from({ length: 101 }, (_, index) => `tag=t${index}`).join("&");
  refused(await visitor.pushManifest("a/b", `${manifest.digest}?${many}`, manifest), 414, "UNSUPPORTED");
});

everywhere("a manifest of another digest than its address says is refused", async (visitor) => {
  const manifest = await pushedImage(visitor, "a/b");
  const padded = { ...manifest, bytes: Buffer.concat([manifest.bytes, Buffer.from("  ")]) };
  refused(await visitor.pushManifest("a/b", manifest.digest, padded), 400, "DIGEST_INVALID");
  refused(await visitor.pushManifest("a/b", "sha256:baddigeststring", manifest), 400, "DIGEST_INVALID");
  refused(await visitor.ask("GET", "/v2/a/b/manifests/sha256:baddigeststring"), 400, "DIGEST_INVALID");
  refused(await visitor.ask("GET", `/v2/a/b/manifests/${manifest.digest}`), 404, "MANIFEST_UNKNOWN");
});

everywhere(
  "a manifest of 4 MiB is taken, and one byte more is too large, said or unsaid",
  async (visitor) => {
    const head = `{"schemaVersion":2,"config":${JSON.stringify(EMPTY)},"layers":[],"pad":"`;
    const limit = 4 * 1024 * 1024;
    const sized = (size: number): Manifest => rawManifest(`${head}${"x".repeat(size - head.length - 2)}"}`);
    assert.equal((await visitor.pushManifest("a/b", "large", sized(limit))).status, 201);
    assert.equal((await visitor.ask("GET", "/v2/a/b/manifests/large")).body.byteLength, limit);
    refused(await visitor.pushManifest("a/b", "larger", sized(limit + 1)), 413, "SIZE_INVALID");
    const unsaid = {
      body: sized(limit + 1).bytes,
      framing: "chunked",
      headers: { "Content-Type": OCI_IMAGE },
    } as const;
    refused(await visitor.ask("PUT", "/v2/a/b/manifests/larger", unsaid), 413, "SIZE_INVALID");
    const muchMore = { ...unsaid, body: someBytes(50_000_000) };
    refused(await visitor.ask("PUT", "/v2/a/b/manifests/larger", muchMore), 413, "SIZE_INVALID");
  },
);

const REFUSED: Readonly<Record<string, readonly [text: string, mediaType: string]>> = {
  "nothing at all": ["", OCI_IMAGE],
  "no JSON": ["{", OCI_IMAGE],
  "a list": ["[]", OCI_IMAGE],
  "another type than it says": [
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }),
    OCI_IMAGE,
  ],
  "another schema": [JSON.stringify({ schemaVersion: 1, config: EMPTY, layers: [] }), OCI_IMAGE],
  "no config": [JSON.stringify({ schemaVersion: 2, layers: [] }), OCI_IMAGE],
  "an image and an index": [
    JSON.stringify({ schemaVersion: 2, config: EMPTY, layers: [], manifests: [] }),
    OCI_IMAGE,
  ],
  "an index and an image": [JSON.stringify({ schemaVersion: 2, manifests: [], layers: [] }), OCI_INDEX],
  "a layer without a size": [
    JSON.stringify({ schemaVersion: 2, config: EMPTY, layers: [{ ...EMPTY, size: "2" }] }),
    OCI_IMAGE,
  ],
  "a layer without a digest": [
    JSON.stringify({ schemaVersion: 2, config: EMPTY, layers: [{ ...EMPTY, digest: "x" }] }),
    OCI_IMAGE,
  ],
  "a subject that is no descriptor": [
    JSON.stringify({ schemaVersion: 2, manifests: [], subject: "x" }),
    OCI_INDEX,
  ],
  "a media type that is none": ["{}", "application/x\u00e4"],
};

for (const [name, [text, mediaType]] of Object.entries(REFUSED)) {
  everywhere(`a manifest with ${name} is refused`, async (visitor) => {
    refused(await visitor.pushManifest("a/b", "bad", rawManifest(text, mediaType)), 400, "MANIFEST_INVALID");
    assert.equal((await visitor.ask("HEAD", "/v2/a/b/manifests/bad")).status, 404);
  });
}

everywhere(
  "parameters of the media type are not kept, and without a header the manifest's word counts",
  async (visitor) => {
    const index = manifestOf({ manifests: [] }, OCI_INDEX);
    const typed = { body: index.bytes, headers: { "Content-Type": `${OCI_INDEX}; charset=utf-8` } };
    assert.equal((await visitor.ask("PUT", "/v2/a/b/manifests/typed", typed)).status, 201);
    assert.equal((await visitor.ask("PUT", "/v2/a/b/manifests/untyped", { body: index.bytes })).status, 201);
    for (const tag of ["typed", "untyped"]) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitor.ask("HEAD", `/v2/a/b/manifests/${tag}`);
      assert.equal(answer.headers["content-type"], OCI_INDEX);
    }
  },
);

everywhere("the same manifest under another media type is given back under the last one", async (visitor) => {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }));
  const types = [OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"];
  for (const mediaType of types) {
    const manifest = rawManifest(bytes, mediaType);
    // oxlint-disable-next-line no-await-in-loop
    await visitor.pushManifest("a/b", "t", manifest);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("HEAD", "/v2/a/b/manifests/t")).headers["content-type"], mediaType);
  }
});

everywhere(
  "with `stored`, a manifest that names what is not there is refused",
  async (visitor) => {
    const image = await pushedImage(visitor, "a/b");
    const sparse = manifestOf({ config: EMPTY, layers: [MISSING] });
    const answer = await visitor.pushManifest("a/b", "t", sparse);
    refused(answer, 400, "MANIFEST_BLOB_UNKNOWN");
    assert.match(answer.body.toString(), new RegExp(MISSING.digest));
    const index = manifestOf({ manifests: [descriptorOf(image)] }, OCI_INDEX);
    refused(await visitor.pushManifest("a/b", "t", index), 400, "MANIFEST_BLOB_UNKNOWN");
    assert.equal((await visitor.pushManifest("a/b", image.digest, image)).status, 201);
    assert.equal((await visitor.pushManifest("a/b", "t", index)).status, 201);
    const foreign = manifestOf({ config: EMPTY, layers: [NOWHERE] });
    assert.equal((await visitor.pushManifest("a/b", "f", foreign)).status, 201);
    const attached = manifestOf({ config: EMPTY, layers: [], subject: { ...MISSING, mediaType: OCI_IMAGE } });
    assert.equal(
      (await visitor.pushManifest("a/b", "s", attached)).status,
      201,
      "a subject may always come later",
    );
  },
  { references: "stored" },
);

everywhere("a missing manifest is unknown, to every method", async (visitor) => {
  for (const reference of ["missing", digestOf("missing"), ".INVALID_MANIFEST_NAME", "x".repeat(129)]) {
    const path = `/v2/a/b/manifests/${reference}`;
    // oxlint-disable-next-line no-await-in-loop
    refused(await visitor.ask("GET", path), 404, "MANIFEST_UNKNOWN");
    // oxlint-disable-next-line no-await-in-loop
    refused(await visitor.ask("DELETE", path), 404, "MANIFEST_UNKNOWN");
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("HEAD", path)).status, 404);
  }
});

everywhere("a tag can be moved, and deleted without its manifest", async (visitor) => {
  const [first, second] = [await pushedImage(visitor, "a/b"), await pushedImage(visitor, "a/b")];
  for (const manifest of [first, second, first, second]) {
    // oxlint-disable-next-line no-await-in-loop
    await visitor.pushManifest("a/b", "t", manifest);
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", "/v2/a/b/manifests/t");
    assert.equal(answer.headers["docker-content-digest"], manifest.digest);
  }
  assert.equal((await visitor.ask("DELETE", "/v2/a/b/manifests/t")).status, 202);
  assert.equal((await visitor.ask("HEAD", "/v2/a/b/manifests/t")).status, 404);
  assert.equal((await visitor.ask("HEAD", `/v2/a/b/manifests/${second.digest}`)).status, 200);
});

everywhere("a deleted manifest is gone with its tags, and no others", async (visitor) => {
  const [kept, deleted] = [await pushedImage(visitor, "a/b"), await pushedImage(visitor, "a/b")];
  await visitor.pushManifest("a/b", `${kept.digest}?tag=kept`, kept);
  await visitor.pushManifest("a/b", `${deleted.digest}?tag=one&tag=two`, deleted);
  assert.equal((await visitor.ask("DELETE", `/v2/a/b/manifests/${deleted.digest}`)).status, 202);
  for (const reference of [deleted.digest, "one", "two"]) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("HEAD", `/v2/a/b/manifests/${reference}`)).status, 404);
  }
  const listed = await visitor.ask("GET", "/v2/a/b/tags/list");
  assert.deepEqual(JSON.parse(listed.body.toString()), { name: "a/b", tags: ["kept"] });
  assert.equal((await visitor.pushManifest("a/b", "one", deleted)).status, 201, "it can be pushed again");
});

everywhere("a manifest that the client has is not sent again", async (visitor) => {
  const manifest = await pushedImage(visitor, "a/b");
  await visitor.pushManifest("a/b", "t", manifest);
  const headers = { "If-None-Match": `"${manifest.digest}"` };
  assert.equal((await visitor.ask("GET", "/v2/a/b/manifests/t", { headers })).status, 304);
});

everywhere("an escaped colon of a digest is read as one", async (visitor) => {
  const manifest = await pushedImage(visitor, "a/b");
  await visitor.pushManifest("a/b", "t", manifest);
  const path = `/v2/a/b/manifests/${encodeURIComponent(manifest.digest)}`;
  assert.equal((await visitor.ask("GET", path)).status, 200);
});
