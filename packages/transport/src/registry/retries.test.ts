import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { describeBytes, MEDIA_TYPES } from "@cooper/oci";
import { startPeer } from "@cooper/test";
import type { PeerHandler } from "@cooper/test";
import type { RateLimit } from "./http/rate-limit.ts";
import type { RegistryWarning } from "./http/warnings.ts";
import { openPeer } from "./opening.test.support.ts";

const MANIFEST = Buffer.from('{"schemaVersion":2,"layers":[]}');
const DESCRIPTOR = describeBytes(MEDIA_TYPES.oci.manifest, MANIFEST);
/** A manifest's answer; headers that are undefined are left out. */
function manifestAnswer(
  headers: Readonly<Record<string, string | undefined>>,
  bytes: Buffer = MANIFEST,
): PeerHandler {
  return (request, response) => {
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) response.setHeader(name, value);
    if (request.method === "HEAD") response.end();
    else response.end(bytes);
  };
}

const WHOLE = {
  "content-type": DESCRIPTOR.mediaType,
  "content-length": String(DESCRIPTOR.size),
  "docker-content-digest": DESCRIPTOR.digest,
};

function breakOff(response: ServerResponse, part: Buffer, length: number): void {
  response.writeHead(200, { "content-length": length });
  response.write(part, () => setImmediate(() => response.destroy()));
}

for (const status of [408, 429, 499, 500, 502, 503, 504, 522]) {
  test(`a ${status} is tried again`, async (t) => {
    let count = 0;
    const peer = await startPeer(t, (request, response) => {
      if (request.path !== "/v2/" && count++ < 2) response.writeHead(status, { "retry-after": "0" }).end();
      else manifestAnswer(WHOLE)(request, response);
    });
    assert.deepEqual(await openPeer(t, peer).resolve({ tag: "x" }), DESCRIPTOR);
  });
}

for (const status of [400, 403, 404, 409, 418]) {
  test(`a ${status} is final`, async (t) => {
    const peer = await startPeer(t, (request, response) => {
      response.writeHead(request.path === "/v2/" ? 200 : status).end();
    });
    await assert.rejects(openPeer(t, peer).manifest(DESCRIPTOR), { kind: "failed" });
    assert.equal(peer.requests.length, 2);
  });
}

test("a rate limit that lasts longer than one waits for is told at once, with the time", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 429, { "retry-after": "3600" }).end();
  });
  await assert.rejects(
    openPeer(t, peer).resolve({ tag: "x" }),
    (error: Error & { code: string; kind: string; advice: string }) => {
      assert.equal(error.code, "TOO_MANY_REQUESTS");
      assert.equal(error.kind, "passing");
      assert.match(error.advice, /in 3600 seconds/);
      return true;
    },
  );
  assert.equal(peer.requests.length, 2);
});

test("a connection that breaks before the answer is tried again", async (t) => {
  let count = 0;
  const peer = await startPeer(t, (request, response) => {
    if (request.path !== "/v2/" && count++ < 2) request.socket.destroy();
    else manifestAnswer(WHOLE)(request, response);
  });
  assert.deepEqual(await openPeer(t, peer).resolve({ tag: "x" }), DESCRIPTOR);
});

test("a manifest whose body breaks off is asked for again", async (t) => {
  let count = 0;
  const peer = await startPeer(t, (request, response) => {
    if (request.path !== "/v2/" && count++ === 0)
      breakOff(response, MANIFEST.subarray(0, 5), MANIFEST.byteLength);
    else manifestAnswer(WHOLE)(request, response);
  });
  assert.ok(Buffer.from(await openPeer(t, peer).manifest(DESCRIPTOR)).equals(MANIFEST));
});

test("a warning is shown once for a host", async (t) => {
  const warnings: RegistryWarning[] = [];
  const peer = await startPeer(t, (request, response) => {
    response.setHeader("warning", ['299 - "use another"', '299 - "and soon"']);
    manifestAnswer(WHOLE)(request, response);
  });
  const repository = openPeer(t, peer, { onWarning: (warning) => warnings.push(warning) });
  await repository.resolve({ tag: "x" });
  await repository.resolve({ tag: "y" });
  assert.deepEqual(warnings, [
    { host: peer.host, text: "use another" },
    { host: peer.host, text: "and soon" },
  ]);
});

test("a registry's rate limit is told", async (t) => {
  const limits: RateLimit[] = [];
  const peer = await startPeer(
    t,
    manifestAnswer({ ...WHOLE, "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600" }),
  );
  const repository = openPeer(t, peer, { onRateLimit: (limit) => limits.push(limit) });
  await repository.resolve({ tag: "x" });
  assert.deepEqual(repository.rateLimit(), { host: peer.host, limit: 100, remaining: 76, window: 21600 });
  assert.equal(limits.length, 2);
});
