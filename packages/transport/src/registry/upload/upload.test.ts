import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBytes } from "@cooper/archive";
import { digestBytes } from "@cooper/oci";
import {
  assertStored,
  blobOf,
  inPieces,
  LARGE,
  MEBIBYTE,
  shelf,
  SMALL,
  upload,
} from "./shelf.test.support.ts";
import type { Quirk } from "./shelf.test.support.ts";

test("a blob that is there is not sent, and its content not even opened", async (t) => {
  const { repository, blobs, steps } = await shelf(t);
  blobs.set(digestBytes(SMALL), SMALL);
  await repository.putBlob(blobOf(SMALL), () => assert.fail("opened"));
  assert.deepEqual(steps(), []);
});

test("a small blob goes in one PUT", async (t) => {
  const made = await shelf(t);
  await made.repository.putBlob(blobOf(SMALL), inPieces(SMALL));
  assert.deepEqual(made.steps(), ["POST", "PUT 1"]);
  assertStored(made, SMALL);
});

test("a large one goes in one PATCH, without the Content-Range that GHCR limits to 4 MiB", async (t) => {
  const made = await shelf(t);
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assert.deepEqual(made.steps(), ["POST", "PATCH 1", "PUT 1"]);
  const patch = made.peer.requests.find(({ method }) => method === "PATCH");
  assert.equal(patch?.headers["content-range"], undefined);
  assert.equal(patch?.headers["content-length"], String(LARGE.byteLength));
  assert.equal(patch?.headers.expect, undefined);
  assertStored(made, LARGE);
});

test("a blob without bytes is stored", async (t) => {
  for (const options of [{}, { upload: { chunkBytes: 10 } }] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const made = await shelf(t, undefined, options);
    // oxlint-disable-next-line no-await-in-loop
    await made.repository.putBlob(blobOf(Buffer.alloc(0)), () => fromBytes());
    assertStored(made, Buffer.alloc(0));
  }
});

test("a blob that is still being made gets its name at the end", async (t) => {
  const made = await shelf(t);
  const stored = await made.repository.putUnknownBlob(inPieces(LARGE));
  assert.deepEqual(stored, { digest: digestBytes(LARGE), size: LARGE.byteLength });
  assert.deepEqual(made.steps(), ["POST", "PATCH 1", "PUT 1"]);
  assertStored(made, LARGE);
});

test("monolithic means one PUT, however large", async (t) => {
  const made = await shelf(t, undefined, { upload: "monolithic" });
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assert.deepEqual(made.steps(), ["POST", "PUT 1"]);
  assertStored(made, LARGE);
});

test("chunks tell their place and are as long as was asked for", async (t) => {
  const made = await shelf(t, undefined, { upload: { chunkBytes: 2_500_000 } });
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  const ranges = made.peer.requests
    .filter(({ method }) => method === "PATCH")
    .map(({ headers }) => headers["content-range"]);
  assert.deepEqual(ranges, ["0-2499999", "2500000-4999999", "5000000-6291455"]);
  assertStored(made, LARGE);
});

test("chunks of a blob whose size is not known follow each other without a place", async (t) => {
  const made = await shelf(t, undefined, { upload: { chunkBytes: 4 * MEBIBYTE } });
  await made.repository.putUnknownBlob(inPieces(LARGE));
  assert.deepEqual(made.steps(), ["POST", "PATCH 1", "PATCH 1", "PUT 1"]);
  assertStored(made, LARGE);
});

test("chunks are no shorter than the registry's minimum (OCI-Chunk-Min-Length)", async (t) => {
  const made = await shelf(
    t,
    ({ method }, response) => {
      if (method === "POST") response.setHeader("oci-chunk-min-length", String(4 * MEBIBYTE));
      return false;
    },
    { upload: { chunkBytes: 1000 } },
  );
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assert.deepEqual(made.steps(), ["POST", "PATCH 1", "PATCH 1", "PUT 1"]);
  assertStored(made, LARGE);
});

test("a mount that works sends no byte", async (t) => {
  const made = await shelf(t, ({ method }, response) => {
    if (method === "POST") response.writeHead(201).end();
    return method === "POST";
  });
  await made.repository.putBlob(blobOf(LARGE), () => assert.fail("opened"), { from: "c/d" });
  const [post] = made.peer.requests.filter(({ method }) => method === "POST");
  assert.deepEqual(
    [...(post?.query ?? [])],
    [
      ["mount", digestBytes(LARGE)],
      ["from", "c/d"],
    ],
  );
});

test("a mount that the registry answers with an upload (202) is one", async (t) => {
  const made = await shelf(t);
  await made.repository.putBlob(blobOf(SMALL), inPieces(SMALL), { from: "c/d" });
  assert.deepEqual(made.steps(), ["POST", "PUT 1"]);
  assertStored(made, SMALL);
});

for (const status of [400, 401, 403, 404, 405, 500]) {
  test(`a mount that fails with ${status} is followed by a plain upload`, async (t) => {
    const made = await shelf(t, ({ query }, response) => {
      if (!query.has("mount")) return false;
      response.writeHead(status).end();
      return true;
    });
    await made.repository.putBlob(blobOf(SMALL), inPieces(SMALL), { from: "c/d" });
    assertStored(made, SMALL);
  });
}

test("mount is never sent without from, nor from one's own repository", async (t) => {
  const made = await shelf(t);
  await made.repository.putBlob(blobOf(SMALL), inPieces(SMALL), { from: "a/b" });
  assert.ok(made.peer.log.every((line) => !line.includes("mount")));
});

test("a location may change at each step, be absolute and carry state that must come back as it is", async (t) => {
  const state = "_state=a%2Bb%20c%3D%3D&x=~()";
  const targets: string[] = [];
  const quirk: Quirk = async (request, response, { blobs }) => {
    if (!request.path.includes("/uploads/")) return false;
    targets.push(`${request.method} ${request.target}`);
    const body = await request.body();
    if (request.method === "POST") response.writeHead(202, { location: `first?${state}` });
    else if (request.method === "PATCH") {
      response.writeHead(202, {
        location: `http://${request.headers.host ?? ""}/v2/a/b/blobs/uploads/second`,
      });
    } else {
      blobs.set(request.query.get("digest") ?? "", body);
      response.writeHead(201);
    }
    response.end();
    return true;
  };
  const made = await shelf(t, quirk);
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  const digest = `digest=${encodeURIComponent(digestBytes(LARGE))}`;
  assert.deepEqual(targets, [
    "POST /v2/a/b/blobs/uploads/",
    `PATCH /v2/a/b/blobs/uploads/first?${state}`,
    `PUT /v2/a/b/blobs/uploads/second?${digest}`,
  ]);
  await made.repository.putBlob(blobOf(SMALL), inPieces(SMALL));
  assert.equal(
    targets.at(-1),
    `PUT /v2/a/b/blobs/uploads/first?${state}&digest=${encodeURIComponent(digestBytes(SMALL))}`,
  );
});

test("an upload without a location is a bad answer, one at a private address is not followed", async (t) => {
  const missing = await shelf(
    t,
    ({ method }, response) => method === "POST" && (response.writeHead(202).end(), true),
  );
  await assert.rejects(missing.repository.putBlob(blobOf(SMALL), inPieces(SMALL)), { code: "BAD_RESPONSE" });
  const unsafe = await shelf(t, ({ method }, response) => {
    if (method === "POST") response.writeHead(202, { location: "http://169.254.169.254/" }).end();
    return method === "POST";
  });
  await assert.rejects(unsafe.repository.putBlob(blobOf(SMALL), inPieces(SMALL)), { code: "UNSAFE_ADDRESS" });
});

test("ECR answers a PATCH with 201", async (t) => {
  const made = await shelf(t, async (request, response, { uploads }) => {
    if (request.method !== "PATCH") return false;
    uploads.set(upload(request), await request.body());
    response.writeHead(201).end();
    return true;
  });
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assertStored(made, LARGE);
});

/** Keeps every chunk, and says something else about its place. */
const saying =
  (range: string | undefined): Quirk =>
  async (request, response, { uploads }) => {
    if (request.method !== "PATCH") return false;
    const id = upload(request);
    const bytes = Buffer.concat([uploads.get(id) ?? Buffer.alloc(0), await request.body()]);
    uploads.set(id, bytes);
    response.writeHead(202, { location: request.path, ...(range === undefined ? {} : { range }) }).end();
    return true;
  };

for (const [name, range] of [
  ["stands still, as ECR's and older zot's does", "0-99"],
  ["is the chunk's own, as Aliyun's is", "0-2499999"],
  ["is missing", undefined],
] as const) {
  test(`after a chunk was accepted, a Range that ${name} is not believed`, async (t) => {
    const made = await shelf(t, saying(range), { upload: { chunkBytes: 2_500_000 } });
    await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
    assert.deepEqual(made.steps(), ["POST", "PATCH 1", "PATCH 1", "PATCH 1", "PUT 1"]);
    assertStored(made, LARGE);
  });
}
