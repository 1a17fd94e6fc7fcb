import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { ByteStream } from "@cooper/archive";
import { digestBytes } from "@cooper/oci";
import type { PeerRequest } from "@cooper/test";
import { assertStored, blobOf, inPieces, LARGE, shelf, SMALL, upload } from "./shelf.test.support.ts";
import type { Quirk } from "./shelf.test.support.ts";

/** Takes so many bytes of a body into an upload, then breaks the connection. */
async function takeAndBreak(
  request: PeerRequest,
  uploads: Map<string, Buffer>,
  take: number,
): Promise<boolean> {
  const id = upload(request);
  let stored = uploads.get(id) ?? Buffer.alloc(0);
  const before = stored.byteLength;
  for await (const chunk of request.stream()) {
    stored = Buffer.concat([stored, chunk]).subarray(0, before + take);
    if (stored.byteLength >= before + take) break;
  }
  uploads.set(id, stored);
  request.socket.destroy();
  return true;
}

test("an upload that breaks goes on where the registry says that it stopped", async (t) => {
  let breaks = 1;
  const made = await shelf(t, async (request, _, { uploads }) => {
    if (request.method !== "PATCH" || breaks-- <= 0) return false;
    return await takeAndBreak(request, uploads, 2_000_000);
  });
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assert.deepEqual(made.steps(), ["POST", "PATCH 1", "GET 1", "PATCH 1", "PUT 1"]);
  const ranges = made.peer.requests
    .map(({ headers }) => headers["content-range"])
    .filter((range) => range !== undefined);
  assert.deepEqual(ranges, ["2000000-6291455"]);
  assertStored(made, LARGE);
});

test("a blob that is still being made can go on as well, if its content can be read again", async (t) => {
  let breaks = 1;
  const made = await shelf(t, async (request, _, { uploads }) => {
    if (request.method !== "PATCH" || breaks-- <= 0) return false;
    return await takeAndBreak(request, uploads, 2_000_000);
  });
  const stored = await made.repository.putUnknownBlob(inPieces(LARGE));
  assert.deepEqual(stored, { digest: digestBytes(LARGE), size: LARGE.byteLength });
  assertStored(made, LARGE);
});

test("content that can be read only once is not read twice", async (t) => {
  const made = await shelf(t, async (request, _, { uploads }) => {
    if (request.method !== "PATCH") return false;
    return await takeAndBreak(request, uploads, 2_000_000);
  });
  let opened = 0;
  const once = (): ByteStream => {
    if (opened++ > 0) throw new Error("standard input cannot be read again");
    return inPieces(LARGE)();
  };
  await assert.rejects(made.repository.putUnknownBlob(once), /cannot be read again/);
  assert.equal(opened, 2);
  assert.equal(made.uploads.size, 0);
});

test("a Range of 0-0 may mean nothing or one byte, so the upload starts over", async (t) => {
  for (const take of [0, 1]) {
    let breaks = 1;
    // oxlint-disable-next-line no-await-in-loop
    const made = await shelf(t, async (request, _, { uploads }) => {
      if (request.method !== "PATCH" || breaks-- <= 0) return false;
      return await takeAndBreak(request, uploads, take);
    });
    // oxlint-disable-next-line no-await-in-loop
    await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
    assert.deepEqual(made.steps(), ["POST", "PATCH 1", "GET 1", "DELETE 1", "POST", "PATCH 2", "PUT 2"]);
    assertStored(made, LARGE);
  }
});

test("an upload that the registry has lost starts over", async (t) => {
  let breaks = 1;
  const made = await shelf(t, async (request, _, { uploads }) => {
    if (request.method !== "PATCH" || breaks-- <= 0) return false;
    await takeAndBreak(request, uploads, 2_000_000);
    uploads.clear();
    return true;
  });
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assertStored(made, LARGE);
});

test("an upload that is lost between two steps starts over, once or twice but not for ever", async (t) => {
  let losses = 1;
  const made = await shelf(t, (request, response) => {
    if (request.method !== "PUT" || losses-- <= 0) return false;
    response.writeHead(404).end();
    return true;
  });
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assertStored({ ...made, uploads: new Map() }, LARGE);
  const never = await shelf(
    t,
    ({ method }, response) => method === "PUT" && (response.writeHead(404).end(), true),
  );
  await assert.rejects(never.repository.putBlob(blobOf(LARGE), inPieces(LARGE)), { code: "NOT_FOUND" });
});

test("a rest that the registry refuses, as GHCR does over 4 MiB, is sent from the start", async (t) => {
  let breaks = 1;
  const made = await shelf(t, async (request, response, { uploads }) => {
    if (request.method !== "PATCH") return false;
    if (breaks-- > 0) return await takeAndBreak(request, uploads, 1_000_000);
    if (request.headers["content-range"] === undefined) return false;
    await request.body();
    response.writeHead(400).end();
    return true;
  });
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assert.deepEqual(
    made.peer.requests
      .filter(({ method }) => method === "PATCH")
      .map(({ headers }) => headers["content-range"]),
    [undefined, "1000000-6291455", undefined],
  );
  assert.ok(made.blobs.has(digestBytes(LARGE)));
});

test("a chunk out of place (416) goes where the registry wants it", async (t) => {
  let losses = 1;
  const quirk: Quirk = async (request, response, { uploads }) => {
    // The second chunk is acknowledged, but only half of it kept.
    if (
      request.method !== "PATCH" ||
      !(request.headers["content-range"] ?? "").startsWith("2500000-") ||
      losses-- <= 0
    )
      return false;
    const half = (await request.body()).subarray(0, 1_250_000);
    uploads.set(upload(request), Buffer.concat([uploads.get(upload(request)) ?? Buffer.alloc(0), half]));
    response.writeHead(202, { location: request.path }).end();
    return true;
  };
  const made = await shelf(t, quirk, { upload: { chunkBytes: 2_500_000 } });
  await made.repository.putBlob(blobOf(LARGE), inPieces(LARGE));
  assert.ok(made.blobs.has(digestBytes(LARGE)));
});

test("where the answer to the last PUT is lost, the blob is looked for before it is sent again", async (t) => {
  for (const bytes of [SMALL, LARGE]) {
    const made = await shelf(t, async (request, _, { blobs, uploads }) => {
      if (request.method !== "PUT") return false;
      const all = Buffer.concat([uploads.get(upload(request)) ?? Buffer.alloc(0), await request.body()]);
      blobs.set(digestBytes(all), all);
      uploads.clear();
      request.socket.destroy();
      return true;
    });
    // oxlint-disable-next-line no-await-in-loop
    await made.repository.putBlob(blobOf(bytes), inPieces(bytes));
    assert.equal(made.steps().filter((step) => step.startsWith("PUT")).length, 1);
    assertStored(made, bytes);
  }
});

test("retries of an upload do not multiply", async (t) => {
  const made = await shelf(
    t,
    ({ method }, response) => method === "POST" && (response.writeHead(503).end(), true),
  );
  await assert.rejects(made.repository.putBlob(blobOf(SMALL), inPieces(SMALL)), {
    code: "REGISTRY_FAILED",
    kind: "passing",
  });
  assert.deepEqual(made.steps(), ["POST", "POST", "POST", "POST"]);
});

test("content that is not what it should be leaves nothing behind", async (t) => {
  for (const [bytes, code] of [
    [randomBytes(LARGE.byteLength), "DIGEST_MISMATCH"],
    [Buffer.concat([LARGE, SMALL]), "SIZE_MISMATCH"],
    [LARGE.subarray(1), "SIZE_MISMATCH"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const made = await shelf(t);
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(made.repository.putBlob(blobOf(LARGE), inPieces(bytes)), { code });
    assert.equal(made.blobs.size, 0);
    assert.equal(made.uploads.size, 0);
  }
});

test("what the content's source throws is thrown, once", async (t) => {
  const made = await shelf(t);
  let opened = 0;
  const broken = async function* (): ByteStream {
    opened++;
    yield LARGE.subarray(0, 100_000);
    throw new Error("the disk is on fire");
  };
  await assert.rejects(made.repository.putBlob(blobOf(LARGE), broken), /the disk is on fire/);
  await assert.rejects(made.repository.putUnknownBlob(broken), /the disk is on fire/);
  assert.equal(opened, 2);
  assert.equal(made.uploads.size, 0);
});

test("an aborted upload stops with the signal's reason and tidies up", async (t) => {
  const abort = new AbortController();
  const made = await shelf(t);
  const slow = async function* (): ByteStream {
    yield LARGE.subarray(0, 100_000);
    abort.abort(new Error("enough"));
    yield LARGE.subarray(100_000);
  };
  await assert.rejects(made.repository.putBlob(blobOf(LARGE), slow, { signal: abort.signal }), /enough/);
  assert.equal(made.blobs.size, 0);
  assert.equal(made.uploads.size, 0);
});

test("a proxy that takes no request so large (413) is named", async (t) => {
  const made = await shelf(t, async (request, response) => {
    if (request.method !== "PATCH") return false;
    await request.body();
    response.writeHead(413).end();
    return true;
  });
  await assert.rejects(made.repository.putBlob(blobOf(LARGE), inPieces(LARGE)), { code: "TOO_LARGE" });
});

test("a registry that stored something else is not believed", async (t) => {
  const made = await shelf(t, async (request, response) => {
    if (request.method !== "PUT") return false;
    await request.body();
    response.writeHead(201, { "docker-content-digest": digestBytes(Buffer.from("other")) }).end();
    return true;
  });
  await assert.rejects(made.repository.putBlob(blobOf(SMALL), inPieces(SMALL)), { code: "BAD_RESPONSE" });
});
