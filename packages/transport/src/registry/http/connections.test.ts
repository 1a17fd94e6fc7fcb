import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import type { Server as NetServer, Socket } from "node:net";
import { hostname } from "node:os";
import { test } from "node:test";
import { inspect } from "node:util";
import { authority, freePort, startPeer, temporaryDirectory } from "@cooper/test";
import type { Peer } from "@cooper/test";
import { isLoopback, isPrivateAddress } from "./address.ts";
import { answer, DESCRIPTOR, MANIFEST, securePeer } from "./secure-peer.test.support.ts";
import { openPeer } from "../opening.test.support.ts";

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
  const port = await listen(server);
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
  const proxyPort = await listen(proxy);
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

test("a proxy that is no address is named without its text", async (t) => {
  const named: Peer = { host: "registry.test", url: "", log: [], requests: [] };
  const environment = { HOME: temporaryDirectory(t), HTTPS_PROXY: "http://user:hunter2@:bad" };
  await assert.rejects(openPeer(t, named, { environment }).resolve({ tag: "x" }), (error: Error) => {
    assert.doesNotMatch(inspect(error, { depth: 10 }), /hunter2/);
    assert.match(error.message, /proxy/);
    return true;
  });
});

/** Gives the port that the kernel chose. */
async function listen(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
