import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { inspect } from "node:util";
import { collect } from "@cooper/archive";
import { describeBytes, MEDIA_TYPES } from "@cooper/oci";
import {
  freePort,
  requireProgram,
  run,
  startDockerRegistry,
  startPeer,
  temporaryDirectory,
} from "@cooper/test";
import type { Peer, PeerHandler } from "@cooper/test";
import { isLoopback, isPrivateAddress } from "./address.ts";
import { openPeer } from "../opening.test.support.ts";
import { openRegistryRepository } from "../repository.ts";

const MANIFEST = Buffer.from('{"schemaVersion":2}');
const DESCRIPTOR = describeBytes(MEDIA_TYPES.oci.manifest, MANIFEST);

const answer: PeerHandler = (request, response) => {
  response.setHeader("content-type", DESCRIPTOR.mediaType);
  response.setHeader("content-length", DESCRIPTOR.size);
  response.setHeader("docker-content-digest", DESCRIPTOR.digest);
  response.end(request.method === "HEAD" ? undefined : MANIFEST);
};

interface Authority {
  readonly directory: string;
  readonly ca: string;
  /** Paths of a certificate for 127.0.0.1 and its key, signed by the authority. */
  readonly certificate: string;
  readonly key: string;
}

/** An authority of the test's own, and a certificate from it that serves for servers and clients. */
async function authority(t: TestContext): Promise<Authority | undefined> {
  const openssl = requireProgram(t, "openssl");
  if (openssl === undefined) return undefined;
  const directory = temporaryDirectory(t);
  const path = (name: string): string => join(directory, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const ca = ["req", "-x509", ...key, "-days", "2", "-subj", "/CN=cooper test authority"];
  await run(openssl, [...ca, "-keyout", path("ca.key"), "-out", path("ca.crt")]);
  const request = [
    "req",
    ...key,
    "-subj",
    "/CN=cooper test",
    "-keyout",
    path("leaf.key"),
    "-out",
    path("leaf.csr"),
  ];
  await run(openssl, request);
  writeFileSync(path("extensions"), "subjectAltName=IP:127.0.0.1,DNS:registry.test\n");
  const sign = ["x509", "-req", "-in", path("leaf.csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key")];
  await run(openssl, [
    ...sign,
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    path("extensions"),
    "-out",
    path("leaf.crt"),
  ]);
  return { directory, ca: path("ca.crt"), certificate: path("leaf.crt"), key: path("leaf.key") };
}

async function securePeer(t: TestContext, made: Authority, handle: PeerHandler = answer): Promise<Peer> {
  return await startPeer(t, handle, { cert: readFileSync(made.certificate), key: readFileSync(made.key) });
}

// --- TLS ---

test("a certificate that nobody vouches for is refused, with what to do", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const peer = await securePeer(t, made);
  await assert.rejects(
    openPeer(t, peer).resolve({ tag: "x" }),
    (error: Error & { code: string; advice: string }) => {
      assert.equal(error.code, "TLS");
      assert.match(error.message, new RegExp(peer.host));
      assert.match(error.advice, new RegExp(`/etc/docker/certs.d/${peer.host}/ca.crt`));
      return true;
    },
  );
});

for (const variable of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]) {
  test(`${variable} names an authority`, async (t) => {
    const made = await authority(t);
    if (made === undefined) return;
    const peer = await securePeer(t, made);
    const environment = { HOME: made.directory, [variable]: made.ca };
    assert.deepEqual(await openPeer(t, peer, { environment }).resolve({ tag: "x" }), DESCRIPTOR);
  });
}

test("certs.d/HOST:PORT holds a registry's authority, and no other host's", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const [peer, other] = [await securePeer(t, made), await securePeer(t, made)];
  const certificates = join(made.directory, "certs.d");
  mkdirSync(join(certificates, peer.host), { recursive: true });
  writeFileSync(join(certificates, peer.host, "ca.crt"), readFileSync(made.ca));
  const certificateDirectories = [join(made.directory, "missing"), certificates];
  assert.deepEqual(await openPeer(t, peer, { certificateDirectories }).resolve({ tag: "x" }), DESCRIPTOR);
  await assert.rejects(openPeer(t, other, { certificateDirectories }).resolve({ tag: "x" }), { code: "TLS" });
});

test("certs.d holds the certificate that a registry wants to see", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const peer = await startPeer(t, answer, {
    cert: readFileSync(made.certificate),
    key: readFileSync(made.key),
    ca: readFileSync(made.ca),
    requestCert: true,
    rejectUnauthorized: true,
  });
  const own = join(made.directory, "certs.d", peer.host);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, "ca.crt"), readFileSync(made.ca));
  const certificateDirectories = [join(made.directory, "certs.d")];
  await assert.rejects(openPeer(t, peer, { certificateDirectories }).resolve({ tag: "x" }));
  writeFileSync(join(own, "client.cert"), readFileSync(made.certificate));
  await assert.rejects(openPeer(t, peer, { certificateDirectories }).resolve({ tag: "x" }), {
    code: "TLS",
    message: /client\.key/,
  });
  writeFileSync(join(own, "client.key"), readFileSync(made.key));
  assert.deepEqual(await openPeer(t, peer, { certificateDirectories }).resolve({ tag: "x" }), DESCRIPTOR);
});

test("insecure trusts any certificate", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const peer = await securePeer(t, made);
  assert.deepEqual(await openPeer(t, peer, { insecure: true }).resolve({ tag: "x" }), DESCRIPTOR);
});

test("docker-registry over TLS is read through its own authority", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const registry = await startDockerRegistry(t, { tls: { certificate: made.certificate, key: made.key } });
  if (registry === undefined) return;
  const environment = { HOME: made.directory, SSL_CERT_FILE: made.ca };
  const repository = openRegistryRepository({ host: registry.host, repository: "a/b" }, { environment });
  t.after(async () => await repository.close());
  await assert.rejects(repository.resolve({ tag: "x" }), { code: "NOT_FOUND" });
  assert.match(registry.log(), /HEAD \/v2\/a\/b\/manifests\/x/);
});

test("an upload location that a proxy made http stays https", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const blob = Buffer.from("blob");
  const peer = await securePeer(t, made, async (request, response) => {
    if (request.method === "POST")
      return response.writeHead(202, { location: "http://127.0.0.1/v2/up?s=1" }).end();
    if (request.method !== "PUT") return response.writeHead(request.path === "/v2/" ? 200 : 404).end();
    await request.body();
    return response.writeHead(201).end();
  });
  const environment = { HOME: made.directory, SSL_CERT_FILE: made.ca };
  const repository = openPeer(t, peer, { environment });
  await repository.putBlob(describeBytes("application/octet-stream", blob), async function* content() {
    yield blob;
  });
  assert.match(peer.log.at(-1) ?? "", /^PUT \/v2\/up\?s=1&digest=/);
});

test("a redirect from https to plain HTTP is not followed", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const peer = await securePeer(t, made, (request, response) => {
    if (request.path === "/v2/") return response.end();
    return response.writeHead(307, { location: `http://${request.headers.host ?? ""}/x` }).end();
  });
  const environment = { HOME: made.directory, SSL_CERT_FILE: made.ca };
  await assert.rejects(openPeer(t, peer, { environment }).resolve({ tag: "x" }), { code: "UNSAFE_ADDRESS" });
});

// --- plain HTTP, proxies, names ---

test("a registry on this machine may speak plain HTTP", async (t) => {
  const peer = await startPeer(t, answer);
  const port = peer.host.split(":")[1] ?? "";
  for (const host of [peer.host, `localhost:${port}`]) {
    const named = { ...peer, host };
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(await openPeer(t, named).resolve({ tag: "x" }), DESCRIPTOR);
  }
});

test("a server that takes TLS for nothing and waits is asked in plain HTTP as well", async (t) => {
  const head = [
    "HTTP/1.1 200 OK",
    `content-type: ${DESCRIPTOR.mediaType}`,
    `content-length: ${DESCRIPTOR.size}`,
    `docker-content-digest: ${DESCRIPTOR.digest}`,
    "connection: close",
  ];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", (first) => {
      const text = first.toString();
      if (text.startsWith("GET")) socket.end(`${head.join("\r\n")}\r\n\r\n${MANIFEST.toString()}`);
      if (text.startsWith("HEAD")) socket.end(`${head.join("\r\n")}\r\n\r\n`);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const host = `127.0.0.1:${port}`;
  const named: Peer = { host, url: `http://${host}`, log: [], requests: [] };
  assert.deepEqual(await openPeer(t, named).resolve({ tag: "x" }), DESCRIPTOR);
});

test("a registry elsewhere is spoken to over plain HTTP only if that is asked for, and through a proxy", async (t) => {
  const peer = await startPeer(t, answer);
  const proxy = await startPeer(t, (request, response) => {
    // Forwarding (RFC 9112, 3.2.2): the whole address stands in the request.
    if (!request.target.startsWith("http://registry.test/")) return response.writeHead(502).end();
    return answer({ ...request, target: new URL(request.target).pathname }, response);
  });
  const environment = { HOME: temporaryDirectory(t), HTTP_PROXY: proxy.url };
  const named = { ...peer, host: "registry.test" };
  const plain = openPeer(t, named, { environment, insecure: true });
  assert.deepEqual(await plain.resolve({ tag: "x" }), DESCRIPTOR);
  assert.ok(proxy.log.every((line) => line.includes("http://registry.test/v2/")));
});

test("a registry over TLS is reached through a proxy's tunnel", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const peer = await securePeer(t, made);
  const [address = "", port = ""] = peer.host.split(":");
  const asked: string[] = [];
  const proxy = createServer((_, response) => void response.writeHead(500).end());
  proxy.on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    const onward = connect(Number(port), address, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  const proxyPort = await freePort();
  await new Promise<void>((resolve) => proxy.listen(proxyPort, "127.0.0.1", resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const environment = {
    HOME: made.directory,
    SSL_CERT_FILE: made.ca,
    HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
  };
  const named = { ...peer, host: "registry.test" };
  assert.deepEqual(await openPeer(t, named, { environment }).resolve({ tag: "x" }), DESCRIPTOR);
  assert.deepEqual([...new Set(asked)], ["registry.test:443"]);
});

test("where only public hosts are allowed, names that lead to this machine are refused", async (t) => {
  const peer = await startPeer(t, answer);
  const port = peer.host.split(":")[1] ?? "";
  for (const host of [peer.host, `localhost:${port}`, "10.0.0.1", "[::ffff:10.0.0.1]"]) {
    const repository = openPeer(t, { ...peer, host }, { addresses: "public", timeouts: { connect: 1 } });
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(repository.resolve({ tag: "x" }), { code: "UNSAFE_ADDRESS" });
  }
  assert.deepEqual(peer.log, []);
});

test("where only public hosts are allowed, a name is judged by what it leads to", async (t) => {
  const name = hostname();
  const addresses = await lookup(name, { all: true }).catch(() => []);
  if (isLoopback(name) || !addresses.some(({ address }) => isPrivateAddress(address))) {
    t.skip(`SKIPPED: the name of this machine, ${name}, leads to no private address`);
    return;
  }
  const named: Peer = { host: name, url: "", log: [], requests: [] };
  const repository = openPeer(t, named, { addresses: "public", timeouts: { connect: 1 } });
  await assert.rejects(repository.resolve({ tag: "x" }), { code: "UNSAFE_ADDRESS" });
});

test("nothing at an address is said at once, and may pass", async (t) => {
  const host = `127.0.0.1:${await freePort()}`;
  const nobody: Peer = { host, url: `http://${host}`, log: [], requests: [] };
  await assert.rejects(openPeer(t, nobody).resolve({ tag: "x" }), {
    code: "UNREACHABLE",
    kind: "passing",
    message: new RegExp(host),
  });
});

test("a host that does not exist is named", async (t) => {
  const nobody: Peer = { host: "registry.invalid", url: "", log: [], requests: [] };
  await assert.rejects(openPeer(t, nobody, { retries: { tries: 1 } }).resolve({ tag: "x" }), {
    code: "UNREACHABLE",
    message: /registry\.invalid/,
  });
});

// --- patience ---

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

test("a proxy that is no address is named without its text", async (t) => {
  const named: Peer = { host: "registry.test", url: "", log: [], requests: [] };
  const environment = { HOME: temporaryDirectory(t), HTTPS_PROXY: "http://user:hunter2@:bad" };
  await assert.rejects(openPeer(t, named, { environment }).resolve({ tag: "x" }), (error: Error) => {
    assert.doesNotMatch(inspect(error, { depth: 10 }), /hunter2/);
    assert.match(error.message, /proxy/);
    return true;
  });
});
