import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startPeer } from "@cooper/test";
import { digestOf, manifestOf, OCI_IMAGE, visitorOf } from "../../conformance/visitor.test.ts";
import { storableDigest } from "../../names.ts";
import { imageOfBytes, imageWith, indexWith, pull, serveDemand, startUpstream } from "../demand.fixture.ts";

const GET_BLOB = /^GET .*\/blobs\/sha256/;

test("a mirrored image keeps its digests, and is fetched once", async (t) => {
  const upstream = await startUpstream(t);
  const { digest } = await upstream.push("mine/app:v1", indexWith(["a", "b"]));
  const { host } = await serveDemand(t);
  const name = `${host}/mirror/${upstream.component}/mine/app`;
  const first = await pull(`${name}:v1`);
  assert.equal(first.digest, digest);
  assert.deepEqual(first.layers, { amd64: 2, arm64: 2, s390x: 2 });
  const fetched = upstream.log.filter((line) => GET_BLOB.test(line)).length;
  await pull(`${name}:v1`);
  await pull(`${name}@${digest}`);
  assert.equal(upstream.log.filter((line) => GET_BLOB.test(line)).length, fetched);
});

test("a tag is looked up again after its time, and is what it was while the upstream is away", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a"]));
  const { host, url } = await serveDemand(t, { times: { revalidate: 0 } });
  const name = `mirror/${upstream.component}/mine/app`;
  await pull(`${host}/${name}:v1`);
  const moved = await upstream.push("mine/app:v1", imageWith(["b"]));
  assert.equal((await pull(`${host}/${name}:v1`)).digest, moved.digest);
  await upstream.close();
  const stale = await visitorOf(t, url).ask("HEAD", `/v2/${name}/manifests/v1`);
  assert.equal(stale.status, 200);
  assert.equal(stale.headers["docker-content-digest"], moved.digest);
  assert.match(String(stale.headers["warning"]), /nothing answers/);
});

test("it stands in for Docker Hub, and for the registry that containerd names", async (t) => {
  const upstream = await startUpstream(t);
  const { digest } = await upstream.push("library/alpine:3", imageWith(["a"]));
  const { url } = await serveDemand(t, { root: { mirror: upstream.host } });
  const visitor = visitorOf(t, url);
  const manifest = await visitor.ask("GET", "/v2/library/alpine/manifests/3");
  assert.equal(manifest.headers["docker-content-digest"], digest);
  const { config }: { config: { digest: string } } = JSON.parse(manifest.body.toString());
  const blob = await visitor.ask("GET", `/v2/library/alpine/blobs/${config.digest}`);
  assert.equal(blob.status, 200);
  assert.equal(digestOf(blob.body), config.digest);
  await visitor.pushManifest(
    "library/alpine",
    "mine",
    manifestOf({ manifests: [] }, "application/vnd.oci.image.index.v1+json"),
  );
  assert.equal(
    (await visitor.ask("GET", "/v2/library/alpine/manifests/3")).status,
    404,
    "what is pushed here comes first",
  );

  const named = visitorOf(t, (await serveDemand(t)).url);
  assert.equal((await named.ask("GET", "/v2/library/alpine/manifests/3")).status, 404);
  const answer = await named.ask("HEAD", `/v2/library/alpine/manifests/3?ns=${upstream.host}`);
  assert.equal(answer.headers["docker-content-digest"], digest);
  assert.equal((await named.ask("GET", "/v2/library/alpine/manifests/3?ns=a%20b")).status, 400);
});

test("a blob goes to clients while it comes in, whole or in part, and is fetched once", async (t) => {
  const bytes = randomBytes(3_000_000);
  const { digest, gate, peer } = await halfWay(t, bytes);
  const { url, storage } = await serveDemand(t);
  const path = `/v2/mirror/${peer.host.replace(":", "__c")}/a/blobs/${digest}`;
  const [one, two] = [await open(`${url}${path}`), await open(`${url}${path}`)];
  assert.equal(one.headers["content-length"], String(bytes.byteLength));
  const early = await readSome(one, 1_000_000);
  assert.ok(early.equals(bytes.subarray(0, early.byteLength)), "it comes before all of it is there");
  const part = await visitorOf(t, url).ask("GET", path, { headers: { Range: "bytes=100-199" } });
  assert.equal(part.status, 206);
  assert.ok(part.body.equals(bytes.subarray(100, 200)));
  gate.resolve();
  const rest = await readAll(one);
  assert.ok(Buffer.concat([early, rest]).equals(bytes));
  assert.ok((await readAll(two)).equals(bytes));
  assert.equal(peer.log.filter((line) => GET_BLOB.test(line)).length, 1);
  const name = `mirror/${peer.host.replace(":", "__c")}/a`;
  assert.equal(await storage.blobSize(name, digest), bytes.byteLength);
});

test("a client that goes half-way leaves the others alone; when all have gone the fetching stops", async (t) => {
  const bytes = randomBytes(3_000_000);
  const { digest, gate, peer, closed } = await halfWay(t, bytes);
  const { url, storage } = await serveDemand(t, { times: { linger: 0.02 } });
  const name = `mirror/${peer.host.replace(":", "__c")}/a`;
  const [one, two] = [
    await open(`${url}/v2/${name}/blobs/${digest}`),
    await open(`${url}/v2/${name}/blobs/${digest}`),
  ];
  await readSome(one, 100_000);
  one.destroy();
  await pause(60);
  assert.ok((await readSome(two, 1_000_000)).byteLength >= 1_000_000);
  two.destroy();
  await closed;
  gate.resolve();
  assert.equal(await storage.blobSize(name, digest), undefined);
  // The next one begins anew.
  const again = await visitorOf(t, url).ask("GET", `/v2/${name}/blobs/${digest}`);
  assert.ok(again.body.equals(bytes));
});

test("an upstream that lies about a digest gives nobody a whole blob, and none stays", async (t) => {
  const bytes = randomBytes(300_000);
  const wrong = storableDigest(digestOf("something else"));
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return response.end("{}");
    response.setHeader("Content-Length", bytes.byteLength);
    return response.end(request.method === "HEAD" ? undefined : bytes);
  });
  const { url, storage } = await serveDemand(t);
  const name = `mirror/${peer.host.replace(":", "__c")}/a`;
  const answer = await open(`${url}/v2/${name}/blobs/${wrong}`);
  await assert.rejects(readAll(answer), /aborted/);
  assert.equal(await storage.blobSize(name, wrong), undefined);
});

test("an upstream that is slow holds its client no longer than it may, and nobody else", async (t) => {
  const silent = await startPeer(t, async (request, response) => {
    if (request.path === "/v2/") return response.end("{}");
    return await new Promise(() => {});
  });
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a"]));
  const { host, url } = await serveDemand(t, {
    upstreamOptions: { retries: { tries: 1 }, timeouts: { answer: 0.5 } },
  });
  const slow = visitorOf(t, url).ask("GET", `/v2/mirror/${silent.host.replace(":", "__c")}/a/manifests/v1`);
  await pull(`${host}/mirror/${upstream.component}/mine/app:v1`);
  const answer = await slow;
  assert.equal(answer.status, 424);
  assert.equal(answer.headers["retry-after"], "5");
  assert.match(answer.body.toString(), /did not answer in time/);
});

test("one visitor can only have so much fetched at once", async (t) => {
  const silent = await startPeer(t, async (request, response) => {
    if (request.path === "/v2/") return response.end("{}");
    return await new Promise(() => {});
  });
  const { url } = await serveDemand(t, {
    limits: { downloadsPerVisitor: 2 },
    upstreamOptions: { retries: { tries: 1 }, timeouts: { answer: 0.5 } },
  });
  const answers = await Promise.all(
    Array.from(
      { length: 5 },
      async (_, at) =>
        await visitorOf(t, url).ask(
          "GET",
          `/v2/mirror/${silent.host.replace(":", "__c")}/a/manifests/v${at}`,
        ),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [424, 424, 429, 429, 429]);
});

test("a manifest whose digest is not what was asked for is refused", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("a:v1", imageWith(["a"]));
  const manifest = manifestOf({ config: { mediaType: "x/y", digest: digestOf("{}"), size: 2 }, layers: [] });
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return response.end("{}");
    response.setHeader("Content-Type", OCI_IMAGE);
    response.setHeader("Content-Length", manifest.bytes.byteLength);
    response.setHeader("Docker-Content-Digest", digestOf("another"));
    return response.end(request.method === "HEAD" ? undefined : manifest.bytes);
  });
  const { url } = await serveDemand(t);
  const answer = await visitorOf(t, url).ask(
    "GET",
    `/v2/mirror/${peer.host.replace(":", "__c")}/a/manifests/v1`,
  );
  assert.equal(answer.status, 424);
  assert.match(answer.body.toString(), /expected|DIGEST|digest/);
});

test("what the upstream has not got is not here either", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageOfBytes(randomBytes(1000)));
  const { url } = await serveDemand(t);
  const visitor = visitorOf(t, url);
  const name = `mirror/${upstream.component}/mine/app`;
  const absent = digestOf("absent");
  assert.equal((await visitor.ask("GET", `/v2/${name}/manifests/none`)).status, 404);
  assert.equal((await visitor.ask("GET", `/v2/${name}/manifests/${absent}`)).status, 404);
  assert.equal((await visitor.ask("GET", `/v2/${name}/blobs/${absent}`)).status, 404);
  assert.equal((await visitor.ask("HEAD", `/v2/${name}/blobs/${absent}`)).status, 404);
  assert.equal((await visitor.ask("GET", `/v2/${name}/blobs/sha256:short`)).status, 400);
});

/** An upstream that gives out half of a blob, and the rest when the gate opens. */
async function halfWay(t: Parameters<typeof startPeer>[0], bytes: Buffer) {
  const digest = storableDigest(digestOf(bytes));
  const gate = Promise.withResolvers<void>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const peer = await startPeer(t, async (request, response) => {
    if (request.path === "/v2/") return response.end("{}");
    response.setHeader("Content-Length", bytes.byteLength);
    if (request.method === "HEAD") return response.end();
    response.once("close", close);
    response.write(bytes.subarray(0, 1_500_000));
    await gate.promise;
    return response.end(bytes.subarray(1_500_000));
  });
  return { digest, gate, peer, closed };
}

async function open(url: string): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => get(url, { agent: false }, resolve).on("error", reject));
}

/** At least so many bytes, and then no more for now. */
async function readSome(message: IncomingMessage, least: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk: unknown = message.read();
    if (chunk instanceof Buffer) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size >= least) return Buffer.concat(chunks);
    } else {
      // oxlint-disable-next-line no-await-in-loop
      await pause(5);
    }
  }
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  message.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(message, "end");
  return Buffer.concat(chunks);
}
