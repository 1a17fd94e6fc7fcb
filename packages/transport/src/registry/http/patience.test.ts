import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "@cooper/archive";
import { describeBytes, MEDIA_TYPES } from "@cooper/oci";
import { startPeer } from "@cooper/test";
import { answer } from "./secure-peer.test.support.ts";
import { openPeer } from "../opening.test.support.ts";

test("a registry that never answers is given up", async (t) => {
  const peer = await startPeer(t, (request, response) =>
    request.path === "/v2/" ? response.end() : undefined,
  );
  const repository = openPeer(t, peer, { timeouts: { answer: 0.2 }, retries: { tries: 1 } });
  await assert.rejects(repository.resolve({ tag: "x" }), { code: "TIMEOUT", kind: "passing" });
});

test("a download that stands still is given up", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return response.end();
    return response.writeHead(200, { "content-length": 100 }).write("half");
  });
  const repository = openPeer(t, peer, { timeouts: { idle: 0.2 }, retries: { tries: 1 } });
  const blob = describeBytes(MEDIA_TYPES.oci.layer, Buffer.alloc(100));
  await assert.rejects(collect(repository.blob(blob), { limit: 100 }), { code: "TIMEOUT", kind: "passing" });
});

test("an upload that nobody takes is given up, however patient its source", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.method === "POST") return response.writeHead(202, { location: "/v2/up" }).end();
    if (request.method === "PUT") return request.socket.pause();
    return response.writeHead(request.path === "/v2/" ? 200 : 404).end();
  });
  const blob = Buffer.alloc(100);
  const repository = openPeer(t, peer, { timeouts: { acknowledge: 0.2 }, retries: { tries: 1 } });
  await assert.rejects(
    repository.putBlob(describeBytes("application/octet-stream", blob), async function* content() {
      yield blob;
    }),
    { code: "TIMEOUT", kind: "passing" },
  );
});

test("an aborted request throws the signal's reason, also while it waits for its turn", async (t) => {
  const peer = await startPeer(t, (request, response) =>
    request.path === "/v2/" ? response.end() : undefined,
  );
  const repository = openPeer(t, peer, { parallel: 1 });
  const abort = new AbortController();
  const both = ["x", "y"].map(async (tag) => await repository.resolve({ tag }, { signal: abort.signal }));
  const settled = Promise.allSettled(both);
  while (peer.requests.length < 2) {
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setImmediate(resolve));
  }
  abort.abort(new Error("enough"));
  for (const result of await settled) {
    assert.equal(result.status, "rejected");
    assert.match(String(result.status === "rejected" ? result.reason : ""), /enough/);
  }
});

test("no more requests run at a time than are allowed for a host", async (t) => {
  let running = 0;
  let most = 0;
  const peer = await startPeer(t, async (request, response) => {
    if (request.path === "/v2/") return response.end();
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    return answer(request, response);
  });
  const repository = openPeer(t, peer, { parallel: 3 });
  await Promise.all(Array.from({ length: 20 }, async (_, n) => await repository.resolve({ tag: `x${n}` })));
  assert.equal(most, 3);
});

test("as many downloads as are allowed do not keep uploads and short requests from running", async (t) => {
  const stuck = describeBytes(MEDIA_TYPES.oci.layer, Buffer.alloc(100_000));
  const peer = await startPeer(t, async (request, response) => {
    if (request.path.endsWith(stuck.digest) && request.method === "GET") {
      return response.writeHead(200, { "content-length": stuck.size }).write(Buffer.alloc(1000));
    }
    if (request.method === "POST") return response.writeHead(202, { location: "/v2/up" }).end();
    if (request.method !== "PUT") return response.writeHead(request.path === "/v2/" ? 200 : 404).end();
    await request.body();
    return response.writeHead(201).end();
  });
  const repository = openPeer(t, peer, { parallel: 2 });
  const downloads = [1, 2].map(() => repository.blob(stuck)[Symbol.asyncIterator]());
  await Promise.all(downloads.map(async (download) => await download.next()));
  const blob = Buffer.from("blob");
  await repository.putBlob(describeBytes("application/octet-stream", blob), async function* content() {
    yield blob;
  });
  await Promise.all(downloads.map(async (download) => await download.return?.()));
});
