import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { collect } from "@cooper/archive";
import { describeBytes, MEDIA_TYPES } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import { startPeer } from "@cooper/test";
import type { PeerRequest } from "@cooper/test";
import { openPeer } from "./opening.test.support.ts";
import type { RegistryRepository } from "./repository.ts";

const BLOB = randomBytes(3_000_000);
const LAYER = describeBytes(MEDIA_TYPES.oci.layer, BLOB);

async function readAll(repository: RegistryRepository, descriptor: Descriptor): Promise<Buffer> {
  return await collect(repository.blob(descriptor), { limit: 10_000_000 });
}

/** Gives a blob and honours ranges as a good registry does. */
function sendBlob(request: PeerRequest, response: ServerResponse, bytes: Buffer = BLOB): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range === null) return void response.writeHead(200, { "content-length": bytes.byteLength }).end(bytes);
  const [start, end] = [Number(range[1]), Number(range[2])];
  const part = bytes.subarray(start, end + 1);
  response.writeHead(206, {
    "content-length": part.byteLength,
    "content-range": `bytes ${start}-${end}/${bytes.byteLength}`,
  });
  return void response.end(part);
}

/** Gives a blob's beginning and breaks the connection. */
function breakOff(response: ServerResponse, part: Buffer, length: number): void {
  response.writeHead(200, { "content-length": length });
  response.write(part, () => setImmediate(() => response.destroy()));
}

test("a download that breaks goes on where it stopped", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    if (request.headers.range === undefined)
      return breakOff(response, BLOB.subarray(0, 1_000_000), BLOB.byteLength);
    return sendBlob(request, response);
  });
  assert.ok((await readAll(openPeer(t, peer), LAYER)).equals(BLOB));
  const asked = Number(/^bytes=(\d+)-2999999$/.exec(peer.requests.at(-1)?.headers.range ?? "")?.[1]);
  assert.ok(asked > 0 && asked <= 1_000_000, String(asked));
});

test("a server that ignores Range gives everything again, and what is known is passed over", async (t) => {
  let count = 0;
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    if (count++ === 0) return breakOff(response, BLOB.subarray(0, 1_000_000), BLOB.byteLength);
    return void response.writeHead(200, { "content-length": BLOB.byteLength }).end(BLOB);
  });
  assert.ok((await readAll(openPeer(t, peer), LAYER)).equals(BLOB));
  const range = { offset: 2_000_000, length: 5 };
  const part = await collect(openPeer(t, peer).blob(LAYER, { range }), { limit: 5 });
  assert.ok(part.equals(BLOB.subarray(2_000_000, 2_000_005)));
});

test("a body that ends early without a fault is one", async (t) => {
  let count = 0;
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    if (count++ === 0) return void response.writeHead(200).end(BLOB.subarray(0, 12345)); // no length: looks whole
    return sendBlob(request, response);
  });
  assert.ok((await readAll(openPeer(t, peer), LAYER)).equals(BLOB));
  assert.equal(peer.requests.at(-1)?.headers.range, "bytes=12345-2999999");
});

test("a download that makes progress may break more often than there are tries", async (t) => {
  const big = randomBytes(12 * 1024 * 1024);
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    const start = Number(/^bytes=(\d+)/.exec(request.headers.range ?? "bytes=0")?.[1]);
    const part = big.subarray(start, start + 2 * 1024 * 1024);
    const range = `bytes ${start}-${big.byteLength - 1}/${big.byteLength}`;
    response.writeHead(start === 0 ? 200 : 206, start === 0 ? {} : { "content-range": range });
    return void response.end(part);
  });
  const descriptor = describeBytes(MEDIA_TYPES.oci.layer, big);
  const back = await collect(openPeer(t, peer, { retries: { tries: 2, firstPause: 0 } }).blob(descriptor), {
    limit: big.byteLength,
  });
  assert.ok(back.equals(big));
});

test("a download that gets nowhere ends after so many tries, names the host and may be tried later", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    return breakOff(response, Buffer.alloc(0), BLOB.byteLength);
  });
  await assert.rejects(readAll(openPeer(t, peer), LAYER), {
    code: "UNREACHABLE",
    kind: "passing",
    message: new RegExp(peer.host),
  });
  assert.equal(peer.requests.filter(({ path }) => path !== "/v2/").length, 4);
});

test("a range that starts elsewhere is an error", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    return void response.writeHead(206, { "content-range": "bytes 20-29/100" }).end("0123456789");
  });
  const stream = openPeer(t, peer).blob(LAYER, { range: { offset: 10, length: 10 } });
  await assert.rejects(collect(stream, { limit: 10 }), { code: "BAD_RESPONSE" });
});

for (const [name, bytes, code] of [
  ["other bytes", randomBytes(BLOB.byteLength), "DIGEST_MISMATCH"],
  ["one byte too many", Buffer.concat([BLOB, Buffer.from("x")]), "SIZE_MISMATCH"],
] as const) {
  test(`a blob with ${name} does not end well`, async (t) => {
    const peer = await startPeer(t, (request, response) => {
      if (request.path === "/v2/") response.end();
      else response.end(bytes);
    });
    await assert.rejects(readAll(openPeer(t, peer), LAYER), { code });
  });
}

test("a CDN's Content-Encoding does not change a layer's bytes", async (t) => {
  const bytes = gzipSync("a layer");
  const peer = await startPeer(t, (request, response) => {
    assert.equal(request.headers["accept-encoding"], "identity");
    if (request.path === "/v2/") response.end();
    else response.writeHead(200, { "content-encoding": "gzip" }).end(bytes);
  });
  const back = await readAll(openPeer(t, peer), describeBytes(MEDIA_TYPES.oci.layerGzip, bytes));
  assert.ok(back.equals(bytes));
});

test("a store whose signed URL is good for GET only still has the blob", async (t) => {
  const store = await startPeer(t, (request, response) => {
    if (request.method === "HEAD") response.writeHead(403).end();
    else response.writeHead(206, { "content-range": "bytes 0-0/3000000" }).end("x");
  });
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") response.end();
    else response.writeHead(307, { location: `${store.url}/signed` }).end();
  });
  assert.equal(await openPeer(t, peer).hasBlob(LAYER), true);
});

test("redirects without end stop, and so does one to a private address", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") response.end();
    else if (request.path.endsWith("meta"))
      response.writeHead(307, { location: "http://169.254.169.254/" }).end();
    else response.writeHead(307, { location: `${request.path}x` }).end();
  });
  await assert.rejects(openPeer(t, peer).resolve({ tag: "x" }), {
    code: "BAD_RESPONSE",
    message: /without end/,
  });
  await assert.rejects(openPeer(t, peer).resolve({ tag: "meta" }), { code: "UNSAFE_ADDRESS" });
});

test("a foreign layer is read from the registry first, then from its own URL, without credentials", async (t) => {
  const elsewhere = await startPeer(t, (request, response) => {
    if (request.path === "/gone") response.writeHead(404).end();
    else if (request.path === "/moved") response.writeHead(302, { location: "/layer" }).end();
    else sendBlob(request, response);
  });
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 404).end();
  });
  const urls = ["not a URL", `${elsewhere.url}/gone`, `${elsewhere.url}/moved`];
  const foreign = { ...LAYER, urls };
  assert.ok((await readAll(openPeer(t, peer), foreign)).equals(BLOB));
  assert.deepEqual(elsewhere.log, ["GET /gone", "GET /moved", "GET /layer"]);
  assert.match(peer.log.at(-1) ?? "", /blobs/);
  await assert.rejects(readAll(openPeer(t, peer, { foreignUrls: "refuse" }), foreign), { code: "NOT_FOUND" });
});

test("a foreign layer's URL cannot lead to a private address", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 404).end();
  });
  const foreign = { ...LAYER, urls: ["http://10.0.0.1/layer"] };
  await assert.rejects(readAll(openPeer(t, peer), foreign), { code: "UNSAFE_ADDRESS" });
});

test("who leaves a download early closes the connection", async (t) => {
  const closed = Promise.withResolvers<void>();
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    response.on("close", () => closed.resolve());
    return void response
      .writeHead(200, { "content-length": BLOB.byteLength })
      .write(BLOB.subarray(0, 100_000));
  });
  for await (const chunk of openPeer(t, peer).blob(LAYER)) {
    assert.ok(chunk.byteLength > 0);
    break;
  }
  await closed.promise;
});
