import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describeBytes } from "@cooper/oci";
import { authority, startDockerRegistry, startPeer } from "@cooper/test";
import { answer, DESCRIPTOR, securePeer } from "./secure-peer.test.support.ts";
import { openPeer } from "../opening.test.support.ts";
import { openRegistryRepository } from "../repository.ts";

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
  await registry.stop(); // its log comes through a pipe, whole only at the end
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
