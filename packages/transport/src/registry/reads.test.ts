import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { collect } from "@cooper/archive";
import { describeBytes, digestBytes, MEDIA_TYPES, serializeJson } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import { startPeer, temporaryDirectory } from "@cooper/test";
import type { Peer, PeerHandler, PeerRequest } from "@cooper/test";
import type { ServerResponse } from "node:http";
import type { RateLimit } from "./http/rate-limit.ts";
import type { RegistryWarning } from "./http/warnings.ts";
import { listRepositories, openRegistryRepository } from "./repository.ts";
import type { OpenRegistryOptions, RegistryRepository } from "./repository.ts";

function open(t: TestContext, peer: Peer, options: OpenRegistryOptions = {}): RegistryRepository {
  const repository = openRegistryRepository(
    { host: peer.host, repository: "a/b" },
    { environment: { HOME: temporaryDirectory(t) }, retries: { tries: 4, firstPause: 0 }, ...options },
  );
  t.after(async () => await repository.close());
  return repository;
}

const MANIFEST = Buffer.from('{"schemaVersion":2,"layers":[]}');
const DESCRIPTOR = describeBytes(MEDIA_TYPES.oci.manifest, MANIFEST);
const BLOB = randomBytes(3_000_000);
const LAYER = describeBytes(MEDIA_TYPES.oci.layer, BLOB);

async function readAll(repository: RegistryRepository, descriptor: Descriptor): Promise<Buffer> {
  return await collect(repository.blob(descriptor), { limit: 10_000_000 });
}

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

// --- resolving ---

test("HEAD tells all, so GET, which Docker Hub counts, is not sent", async (t) => {
  const peer = await startPeer(t, manifestAnswer(WHOLE));
  assert.deepEqual(await open(t, peer).resolve({ tag: "x" }), DESCRIPTOR);
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
    assert.deepEqual(await open(t, peer).resolve({ tag: "x" }), DESCRIPTOR);
    assert.equal(peer.log.at(-1), "GET /v2/a/b/manifests/x");
  });
}

test("a manifest that is known by sha512 keeps that name", async (t) => {
  const digest = digestBytes(MANIFEST, "sha512");
  const peer = await startPeer(t, manifestAnswer(WHOLE));
  assert.equal((await open(t, peer).resolve({ digest })).digest, digest);
});

test("another manifest than the digest says is an error", async (t) => {
  const peer = await startPeer(t, manifestAnswer(WHOLE));
  const digest = digestBytes(Buffer.from("other"));
  await assert.rejects(open(t, peer).resolve({ digest }), { code: "BAD_RESPONSE" });
  await assert.rejects(open(t, peer).manifest({ ...DESCRIPTOR, digest }), { code: "DIGEST_MISMATCH" });
});

test("a tag that is none is not sent", async (t) => {
  const peer = await startPeer(t, manifestAnswer(WHOLE));
  await assert.rejects(open(t, peer).resolve({ tag: "../../x" }), { code: "INVALID_OPTIONS", kind: "usage" });
  assert.deepEqual(peer.log, []);
});

test("a manifest that is not there names the repository and the tag", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 404).end();
  });
  await assert.rejects(open(t, peer).resolve({ tag: "nope" }), {
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
  await assert.rejects(open(t, peer, { manifestLimit: 100_000 }).resolve({ tag: "x" }), {
    code: "TOO_LARGE",
  });
  await assert.rejects(open(t, peer).manifest({ ...DESCRIPTOR, size: 100_000_000 }), { code: "TOO_LARGE" });
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
  await assert.rejects(open(t, peer).manifest(DESCRIPTOR), { code: "REFUSED" });
  assert.ok(sent < 64 * 1024 * 1024);
});

test("a registry's words are in the error, without what drives a terminal", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 403);
    response.end('{"errors":[{"code":"DENIED","message":"no\\u001b[31m way"}]}');
  });
  await assert.rejects(open(t, peer).manifest(DESCRIPTOR), {
    code: "DENIED",
    message: /403 DENIED: no \[31m way/,
  });
});

// --- blobs ---

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
  assert.ok((await readAll(open(t, peer), LAYER)).equals(BLOB));
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
  assert.ok((await readAll(open(t, peer), LAYER)).equals(BLOB));
  const range = { offset: 2_000_000, length: 5 };
  const part = await collect(open(t, peer).blob(LAYER, { range }), { limit: 5 });
  assert.ok(part.equals(BLOB.subarray(2_000_000, 2_000_005)));
});

test("a body that ends early without a fault is one", async (t) => {
  let count = 0;
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    if (count++ === 0) return void response.writeHead(200).end(BLOB.subarray(0, 12345)); // no length: looks whole
    return sendBlob(request, response);
  });
  assert.ok((await readAll(open(t, peer), LAYER)).equals(BLOB));
  assert.equal(peer.requests.at(-1)?.headers.range, "bytes=12345-2999999");
});

test("a download that makes progress may break more often than there are tries", async (t) => {
  const big = randomBytes(12 * 1024 * 1024);
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    const start = Number(/^bytes=(\d+)/.exec(request.headers.range ?? "bytes=0")?.[1]);
    const part = big.subarray(start, start + 2 * 1024 * 1024);
    response.writeHead(start === 0 ? 200 : 206, {
      ...(start === 0 ? {} : { "content-range": `bytes ${start}-${big.byteLength - 1}/${big.byteLength}` }),
    });
    return void response.end(part);
  });
  const descriptor = describeBytes(MEDIA_TYPES.oci.layer, big);
  const back = await collect(open(t, peer, { retries: { tries: 2, firstPause: 0 } }).blob(descriptor), {
    limit: big.byteLength,
  });
  assert.ok(back.equals(big));
});

test("a download that gets nowhere ends after so many tries, names the host and may be tried later", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    return breakOff(response, Buffer.alloc(0), BLOB.byteLength);
  });
  await assert.rejects(readAll(open(t, peer), LAYER), {
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
  const stream = open(t, peer).blob(LAYER, { range: { offset: 10, length: 10 } });
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
    await assert.rejects(readAll(open(t, peer), LAYER), { code });
  });
}

test("a CDN's Content-Encoding does not change a layer's bytes", async (t) => {
  const bytes = gzipSync("a layer");
  const peer = await startPeer(t, (request, response) => {
    assert.equal(request.headers["accept-encoding"], "identity");
    if (request.path === "/v2/") response.end();
    else response.writeHead(200, { "content-encoding": "gzip" }).end(bytes);
  });
  const back = await readAll(open(t, peer), describeBytes(MEDIA_TYPES.oci.layerGzip, bytes));
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
  assert.equal(await open(t, peer).hasBlob(LAYER), true);
});

test("redirects without end stop, and so does one to a private address", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") response.end();
    else if (request.path.endsWith("meta"))
      response.writeHead(307, { location: "http://169.254.169.254/" }).end();
    else response.writeHead(307, { location: `${request.path}x` }).end();
  });
  await assert.rejects(open(t, peer).resolve({ tag: "x" }), { code: "BAD_RESPONSE", message: /without end/ });
  await assert.rejects(open(t, peer).resolve({ tag: "meta" }), { code: "UNSAFE_ADDRESS" });
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
  assert.ok((await readAll(open(t, peer), foreign)).equals(BLOB));
  assert.deepEqual(elsewhere.log, ["GET /gone", "GET /moved", "GET /layer"]);
  assert.match(peer.log.at(-1) ?? "", /blobs/);
  await assert.rejects(readAll(open(t, peer, { foreignUrls: "refuse" }), foreign), { code: "NOT_FOUND" });
});

test("a foreign layer's URL cannot lead to a private address", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 404).end();
  });
  const foreign = { ...LAYER, urls: ["http://10.0.0.1/layer"] };
  await assert.rejects(readAll(open(t, peer), foreign), { code: "UNSAFE_ADDRESS" });
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
  for await (const chunk of open(t, peer).blob(LAYER)) {
    assert.ok(chunk.byteLength > 0);
    break;
  }
  await closed.promise;
});

// --- retries, warnings, limits ---

for (const status of [408, 429, 499, 500, 502, 503, 504, 522]) {
  test(`a ${status} is tried again`, async (t) => {
    let count = 0;
    const peer = await startPeer(t, (request, response) => {
      if (request.path !== "/v2/" && count++ < 2) response.writeHead(status, { "retry-after": "0" }).end();
      else manifestAnswer(WHOLE)(request, response);
    });
    assert.deepEqual(await open(t, peer).resolve({ tag: "x" }), DESCRIPTOR);
  });
}

for (const status of [400, 403, 404, 409, 418]) {
  test(`a ${status} is final`, async (t) => {
    const peer = await startPeer(t, (request, response) => {
      response.writeHead(request.path === "/v2/" ? 200 : status).end();
    });
    await assert.rejects(open(t, peer).manifest(DESCRIPTOR), { kind: "failed" });
    assert.equal(peer.requests.length, 2);
  });
}

test("a rate limit that lasts longer than one waits for is told at once, with the time", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    response.writeHead(request.path === "/v2/" ? 200 : 429, { "retry-after": "3600" }).end();
  });
  await assert.rejects(
    open(t, peer).resolve({ tag: "x" }),
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
  assert.deepEqual(await open(t, peer).resolve({ tag: "x" }), DESCRIPTOR);
});

test("a manifest whose body breaks off is asked for again", async (t) => {
  let count = 0;
  const peer = await startPeer(t, (request, response) => {
    if (request.path !== "/v2/" && count++ === 0)
      breakOff(response, MANIFEST.subarray(0, 5), MANIFEST.byteLength);
    else manifestAnswer(WHOLE)(request, response);
  });
  assert.ok(Buffer.from(await open(t, peer).manifest(DESCRIPTOR)).equals(MANIFEST));
});

test("a warning is shown once for a host", async (t) => {
  const warnings: RegistryWarning[] = [];
  const peer = await startPeer(t, (request, response) => {
    response.setHeader("warning", ['299 - "use another"', '299 - "and soon"']);
    manifestAnswer(WHOLE)(request, response);
  });
  const repository = open(t, peer, { onWarning: (warning) => warnings.push(warning) });
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
  const repository = open(t, peer, { onRateLimit: (limit) => limits.push(limit) });
  await repository.resolve({ tag: "x" });
  assert.deepEqual(repository.rateLimit(), { host: peer.host, limit: 100, remaining: 76, window: 21600 });
  assert.equal(limits.length, 2);
});

// --- lists ---

/** Pages of tags by `last`, with or without Link; what a page holds at most is the registry's choice. */
function tagPages(all: readonly string[], size: number, link: "link" | "no link"): PeerHandler {
  return (request, response) => {
    if (request.path === "/v2/") return void response.end();
    assert.ok(Number(request.query.get("n")) <= 1000, "ECR refuses more");
    const start = all.indexOf(request.query.get("last") ?? "") + 1;
    const tags = all.slice(start, start + size);
    const next = `</v2/a/b/tags/list?n=1000&last=${tags.at(-1)}>; rel="next"`;
    if (link === "link" && start + size < all.length) response.setHeader("link", next);
    return void response.end(JSON.stringify({ name: "a/b", tags }));
  };
}

const TAGS = Array.from({ length: 2500 }, (_, n) => `t${String(n).padStart(5, "0")}`);

for (const [name, handle] of [
  ["a Link, also where pages are shorter than asked for", tagPages(TAGS, 700, "link")],
  ["the last name where a full page has no Link", tagPages(TAGS, 1000, "no link")],
  [
    "nothing, as the registry gives everything at once",
    (request, response) => {
      response.end(JSON.stringify({ tags: request.path === "/v2/" ? undefined : TAGS }));
    },
  ],
] satisfies readonly (readonly [string, PeerHandler])[]) {
  test(`all tags are found by ${name}`, async (t) => {
    const peer = await startPeer(t, handle);
    assert.deepEqual(await Array.fromAsync(open(t, peer).tags()), TAGS);
  });
}

test("a registry that ignores both n and last is asked no more than twice", async (t) => {
  const exactly = TAGS.slice(0, 1000);
  const peer = await startPeer(t, (_, response) => void response.end(JSON.stringify({ tags: exactly })));
  assert.deepEqual(await Array.fromAsync(open(t, peer).tags()), exactly);
  assert.equal(peer.log.length, 3);
});

test("a repository without tags has none, also as null", async (t) => {
  const peer = await startPeer(t, (_, response) => void response.end('{"name":"a/b","tags":null}'));
  assert.deepEqual(await Array.fromAsync(open(t, peer).tags()), []);
});

test("a next page on another host is refused; one by another scheme is the same host's", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.query.get("last") === "b") return void response.end('{"tags":["c"]}');
    const address =
      request.query.get("last") === "a"
        ? "https://127.0.0.1/v2/a/b/tags/list?last=b"
        : "/v2/a/b/tags/list?last=a";
    response.setHeader("link", `<${address}>; rel="next"`);
    return void response.end(JSON.stringify({ tags: [request.query.get("last") === "a" ? "b" : "a"] }));
  });
  assert.deepEqual(await Array.fromAsync(open(t, peer).tags()), ["a", "b", "c"]);
  const evil = await startPeer(t, (_, response) => {
    response.setHeader("link", '<https://evil.example/v2/>; rel="next"');
    response.end('{"tags":["a"]}');
  });
  await assert.rejects(Array.fromAsync(open(t, evil).tags()), { code: "UNSAFE_ADDRESS" });
});

test("a next page that leads in a circle ends", async (t) => {
  const peer = await startPeer(t, (_, response) => {
    response.setHeader("link", '</v2/a/b/tags/list?last=x>; rel="next"');
    response.end('{"tags":["a"]}');
  });
  assert.deepEqual(await Array.fromAsync(open(t, peer).tags()), ["a"]);
});

test("the list of repositories has pages too", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.query.get("last") === null) response.setHeader("link", '</v2/_catalog?last=a>; rel="next"');
    response.end(JSON.stringify({ repositories: [request.query.get("last") === null ? "a" : "b/c"] }));
  });
  const environment = { HOME: temporaryDirectory(t) };
  assert.deepEqual(await Array.fromAsync(listRepositories(peer.host, { environment })), ["a", "b/c"]);
});

test("something that is no registry is named as such", async (t) => {
  const peer = await startPeer(t, (_, response) => void response.end("<html>welcome</html>"));
  await assert.rejects(Array.fromAsync(open(t, peer).tags()), { code: "BAD_RESPONSE" });
});

// --- referrers ---

const SUBJECT = DESCRIPTOR.digest;
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
  const repository = open(t, peer);
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
    const repository = open(t, peer);
    assert.deepEqual(await repository.referrers(SUBJECT, { artifactType: "application/x-b" }), [
      REFERRERS[1],
    ]);
    assert.deepEqual(await repository.referrers(digestBytes(Buffer.from("none"))), []);
  });
}
