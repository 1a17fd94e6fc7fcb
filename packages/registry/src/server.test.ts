import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:https";
import { connect } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { requireProgram, run, temporaryDirectory } from "@cooper/test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { someBytes, visitorOf } from "./conformance/visitor.test.ts";
import { createRegistry } from "./registry.ts";
import type { Listening, ListenOptions } from "./server.ts";
import { memoryStorage } from "./storage/memory.ts";

async function start(t: TestContext, options: ListenOptions = {}): Promise<Listening> {
  const listening = await createRegistry({ storage: memoryStorage() }).listen(options);
  t.after(async () => await listening.close());
  return listening;
}

test("closing lets a download that has begun end, and takes no more connections", async (t) => {
  const listening = await start(t);
  const visitor = visitorOf(t, listening.url);
  const bytes = someBytes(30_000_000);
  const digest = await visitor.pushBlob("a", bytes);
  const socket = connect(listening.port, listening.host);
  socket.write(`GET /v2/a/blobs/${digest} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "data");
  socket.pause();
  const closed = listening.close();
  const refusedAt = connect(listening.port, listening.host);
  const [error]: unknown[] = await once(refusedAt, "error");
  assert.match(String(error), /ECONNREFUSED/);
  socket.resume();
  await Promise.all([once(socket, "end"), closed]);
  const received = Buffer.concat(chunks);
  assert.ok(received.subarray(received.indexOf("\r\n\r\n") + 4).equals(bytes));
});

test("closing breaks off what does not end in time", async (t) => {
  const listening = await start(t, { graceSeconds: 0.1 });
  const visitor = visitorOf(t, listening.url);
  const location = await visitor.start("a");
  const socket = connect(listening.port, listening.host);
  socket.on("error", () => {});
  socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345`);
  await once(socket, "connect");
  await visitor.ask("GET", location); // the server has read the first request by now
  await listening.close();
  if (!socket.closed) await once(socket, "close");
});

test("a client that falls silent is let go, and what it sent stays", async (t) => {
  const listening = await start(t, { idleSeconds: 1 });
  const visitor = visitorOf(t, listening.url);
  const location = await visitor.start("a");
  const socket = connect(listening.port, listening.host);
  socket.on("error", () => {});
  socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345`);
  socket.resume();
  await once(socket, "close");
  // Its own connection was silent, too.
  const status = await visitorOf(t, listening.url).ask("GET", location);
  assert.equal(status.headers.range, "0-4");
});

test("many slow readers are served side by side", async (t) => {
  const listening = await start(t);
  const visitor = visitorOf(t, listening.url);
  const bytes = someBytes(10_000_000);
  const digest = await visitor.pushBlob("a", bytes);
  const slow = Array.from({ length: 100 }, () => {
    const socket = connect(listening.port, listening.host);
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    socket.pause();
    socket.write(`GET /v2/a/blobs/${digest} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return socket;
  });
  assert.ok((await visitor.ask("GET", `/v2/a/blobs/${digest}`)).body.equals(bytes));
  for (const socket of slow) socket.destroy();
  assert.equal((await visitor.ask("GET", "/v2/")).status, 200);
});

test("clients that go away at any moment leave the registry whole", async (t) => {
  const listening = await start(t);
  const visitor = visitorOf(t, listening.url);
  const bytes = someBytes(3_000_000);
  const digest = await visitor.pushBlob("a", bytes);
  const location = await visitor.start("a");
  const messages = [
    `GET /v2/a/blobs/${digest} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3),
    "PUT /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx`,
    "POST /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nx",
    "GET /v2/",
  ];
  const sockets = Array.from({ length: 200 }, (_, index) => {
    const socket = connect(listening.port, listening.host);
    socket.on("error", () => {});
    socket.write(messages[index % messages.length] ?? "");
    setTimeout(() => socket.destroy(), index % 20);
    return once(socket, "close");
  });
  await Promise.all(sockets);
  assert.ok((await visitor.ask("GET", `/v2/a/blobs/${digest}`)).body.equals(bytes));
});

test("it speaks TLS when it is given a certificate", async (t) => {
  const openssl = requireProgram(t, "openssl");
  if (openssl === undefined) return;
  const directory = temporaryDirectory(t);
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  await run(openssl, [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "1",
    "-keyout",
    key,
    "-out",
    cert,
    ...subject,
  ]);
  const tls = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  const listening = await start(t, { tls });
  assert.match(listening.url, /^https:/);
  const status = await new Promise((resolve, reject) => {
    const asking = request(`${listening.url}/v2/`, { ca: tls.cert, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on("error", reject);
    asking.end();
  });
  assert.equal(status, 200);
});

test("a port that is taken is an error", async (t) => {
  const { port } = await start(t);
  await assert.rejects(async () => await start(t, { port }), /EADDRINUSE/);
});

test("requests that are sent ahead are answered one after the other, in their order", async (t) => {
  const listening = await start(t);
  const visitor = visitorOf(t, listening.url);
  const bytes = someBytes(300_000);
  const digest = await visitor.pushBlob("a", bytes);
  const socket = connect(listening.port, listening.host);
  t.after(() => socket.destroy());
  const paths = [`blobs/${digest}`, "tags/list", `blobs/${digest}`, "manifests/none", `blobs/${digest}`];
  for (const path of paths) socket.write(`GET /v2/a/${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  socket.write("GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "end");
  const statuses = Buffer.concat(chunks)
    .toString("latin1")
    .match(/HTTP\/1\.1 \d+/g);
  const expected = [200, 200, 200, 404, 200, 200].map((status) => `HTTP/1.1 ${status}`);
  assert.deepEqual(statuses, expected);
  assert.equal(listening.inFlight(), 0);
});
