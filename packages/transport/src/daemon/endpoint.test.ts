import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { authority, temporaryDirectory } from "@cooper/test";
import type { Authority } from "@cooper/test";
import { Engine } from "./engine.ts";
import { engineEndpoint } from "./endpoint.ts";

const SHA256 = (name: string): string => createHash("sha256").update(name).digest("hex");

function makeContext(home: string, name: string, meta: unknown): string {
  const directory = join(home, ".docker/contexts/meta", SHA256(name));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "meta.json"), typeof meta === "string" ? meta : JSON.stringify(meta));
  const tls = join(home, ".docker/contexts/tls", SHA256(name), "docker");
  mkdirSync(tls, { recursive: true });
  return tls;
}

test("the engine is DOCKER_HOST's, or the context's that is named or in use, or this machine's", (t) => {
  const home = temporaryDirectory(t);
  const addressOf = (environment: Readonly<Record<string, string>> = {}): string =>
    engineEndpoint({ HOME: home, ...environment }).address;
  assert.equal(addressOf(), "unix:///var/run/docker.sock");
  makeContext(home, "remote", { Name: "remote", Endpoints: { docker: { Host: "tcp://engine.test:2376" } } });
  makeContext(home, "local", { Name: "local", Endpoints: { docker: { Host: "unix:///run/other.sock" } } });
  assert.equal(addressOf({ DOCKER_CONTEXT: "remote" }), "tcp://engine.test:2376");
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ currentContext: "local", auths: {} }));
  assert.equal(addressOf(), "unix:///run/other.sock");
  assert.equal(addressOf({ DOCKER_CONTEXT: "default" }), "unix:///var/run/docker.sock");
  assert.equal(addressOf({ DOCKER_CONTEXT: "remote", DOCKER_HOST: "unix:///x" }), "unix:///x");
  assert.throws(() => addressOf({ DOCKER_CONTEXT: "gone" }), {
    code: "NOT_FOUND",
    kind: "usage",
    message: 'there is no Docker context "gone"',
  });
  for (const broken of ["{", "[]", "{}", '{"Endpoints":{"docker":{"Host":7}}}']) {
    makeContext(home, "broken", broken);
    assert.throws(() => addressOf({ DOCKER_CONTEXT: "broken" }), { code: "UNSUPPORTED", kind: "usage" });
  }
  makeContext(home, "ssh", { Endpoints: { docker: { Host: "ssh://me@host" } } });
  assert.throws(() => addressOf({ DOCKER_CONTEXT: "ssh" }), { code: "UNSUPPORTED" });
  writeFileSync(join(home, ".docker/config.json"), "not JSON");
  assert.equal(addressOf(), "unix:///var/run/docker.sock");
});

test("an engine over TLS is trusted by its authority and shown our certificate, or refused", async (t) => {
  const made = await authority(t);
  if (made === undefined) return;
  const address = await startSecureEngine(t, made);
  const home = temporaryDirectory(t);
  const give = (directory: string): void => {
    mkdirSync(directory, { recursive: true });
    copyFileSync(made.ca, join(directory, "ca.pem"));
    copyFileSync(made.certificate, join(directory, "cert.pem"));
    copyFileSync(made.key, join(directory, "key.pem"));
  };
  const certificates = join(home, "certificates");
  give(certificates);
  const direct = { HOME: home, DOCKER_HOST: address, DOCKER_TLS_VERIFY: "1" };
  assert.equal(await saved({ ...direct, DOCKER_CERT_PATH: certificates }), "an archive");

  give(makeContext(home, "secure", { Endpoints: { docker: { Host: address } } }));
  assert.equal(await saved({ HOME: home, DOCKER_CONTEXT: "secure" }), "an archive");

  await assert.rejects(saved(direct), { code: "TLS", message: new RegExp(`cannot trust .*${address}`) });
});

async function saved(environment: Readonly<Record<string, string>>): Promise<string> {
  const engine = new Engine(environment);
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await engine.save("app")) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  } finally {
    await engine.close();
  }
}

/** An engine that gives anyone an image who has a certificate of the authority. */
async function startSecureEngine(t: TestContext, { ca, certificate, key }: Authority): Promise<string> {
  const [trusted, cert, secret] = [ca, certificate, key].map((path) => readFileSync(path));
  const server = createServer(
    { ca: trusted, cert, key: secret, requestCert: true, rejectUnauthorized: true },
    (_, response) => response.end("an archive"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const at = server.address();
  assert.ok(typeof at === "object" && at !== null);
  return `tcp://127.0.0.1:${at.port}`;
}
