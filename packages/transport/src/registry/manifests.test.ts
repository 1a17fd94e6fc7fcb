import assert from "node:assert/strict";
import { test } from "node:test";
import { describeBytes, digestBytes, MEDIA_TYPES } from "@cooper/oci";
import { startPeer } from "@cooper/test";
import type { PeerHandler } from "@cooper/test";
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

test("HEAD tells all, so GET, which Docker Hub counts, is not sent", async (t) => {
  const peer = await startPeer(t, manifestAnswer(WHOLE));
  assert.deepEqual(await openPeer(t, peer).resolve({ tag: "x" }), DESCRIPTOR);
  assert.deepEqual(peer.log, ["GET /v2/", "HEAD /v2/a/b/manifests/x"]);
});

for (const [name, handle] of [
  ["no Docker-Content-Digest", manifestAnswer({ ...WHOLE, "docker-content-digest": undefined })],
  ["a digest that is none", manifestAnswer({ ...WHOLE, "docker-content-digest": "W/latest" })],
  [
    "no length",
    (request, response) => {
      if (request.method === "HEAD") response.setHeader("transfer-encoding", "chunked");
      manifestAnswer({ ...WHOLE, "content-length": undefined })(request, response);
    },
  ],
  ["no media type", manifestAnswer({ ...WHOLE, "content-type": "application/json" })],
  [
    "the length of something compressed",
    (request, response) => {
      if (request.method !== "HEAD") return manifestAnswer(WHOLE)(request, response);
      return manifestAnswer({ ...WHOLE, "content-length": "7", "content-encoding": "gzip" })(
        request,
        response,
      );
    },
  ],
  [
    "405",
    (request, response) => {
      if (request.method === "HEAD") response.writeHead(405).end();
      else manifestAnswer(WHOLE)(request, response);
    },
  ],
] satisfies readonly (readonly [string, PeerHandler])[]) {
  test(`a HEAD that gives ${name} is followed by GET`, async (t) => {
    const peer = await startPeer(t, handle);
    assert.deepEqual(await openPeer(t, peer).resolve({ tag: "x" }), DESCRIPTOR);
    assert.equal(peer.log.at(-1), "GET /v2/a/b/manifests/x");
  });
}

test("a manifest that is known by sha512 keeps that name", async (t) => {
  const digest = digestBytes(MANIFEST, "sha512");
  const peer = await startPeer(t, manifestAnswer(WHOLE));
  assert.equal((await openPeer(t, peer).resolve({ digest })).digest, digest);
});

test("another manifest than the digest says is an error", async (t) => {
  const peer = await startPeer(t, manifestAnswer(WHOLE));
  const digest = digestBytes(Buffer.from("other"));
  await assert.rejects(openPeer(t, peer).resolve({ digest }), { code: "BAD_RESPONSE" });
  await assert.rejects(openPeer(t, peer).manifest({ ...DESCRIPTOR, digest }), { code: "DIGEST_MISMATCH" });
});

test("a tag that is none is not sent", async (t) => {
  const peer = await startPeer(t, manifestAnswer(WHOLE));
  await assert.rejects(openPeer(t, peer).resolve({ tag: "../../x" }), {
    code: "INVALID_OPTIONS",
    kind: "usage",
  });
  assert.deepEqual(peer.log, []);
});

test("a manifest that is not there names the repository and the tag", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 404).end();
  });
  await assert.rejects(openPeer(t, peer).resolve({ tag: "nope" }), {
    code: "NOT_FOUND",
    message: new RegExp(`${peer.host}/a/b: tag nope`),
  });
});

test("a manifest beyond the limit is refused, also when it says nothing of its size", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    response.on("error", () => {});
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65536, "x")));
      response.once("drain", more);
    };
    if (request.method === "HEAD") return void response.writeHead(405).end();
    return more();
  });
  await assert.rejects(openPeer(t, peer, { manifestLimit: 100_000 }).resolve({ tag: "x" }), {
    code: "TOO_LARGE",
  });
  await assert.rejects(openPeer(t, peer).manifest({ ...DESCRIPTOR, size: 100_000_000 }), {
    code: "TOO_LARGE",
  });
});

test("an error's body without end is read no further than 64 KiB", async (t) => {
  let sent = 0;
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    response.writeHead(400);
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65536, "x"))) sent += 65536;
      response.once("drain", more);
    };
    return more();
  });
  await assert.rejects(openPeer(t, peer).manifest(DESCRIPTOR), { code: "REFUSED" });
  assert.ok(sent < 64 * 1024 * 1024);
});

test("a registry's words are in the error, without what drives a terminal", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 403);
    response.end('{"errors":[{"code":"DENIED","message":"no\\u001b[31m way"}]}');
  });
  await assert.rejects(openPeer(t, peer).manifest(DESCRIPTOR), {
    code: "DENIED",
    message: /403 DENIED: no \[31m way/,
  });
});
