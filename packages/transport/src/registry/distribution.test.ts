import assert from "node:assert/strict";
import { randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { collect, fromBytes } from "@cooper/archive";
import { describeBytes, digestBytes, EMPTY_BYTES, MEDIA_TYPES, serializeJson } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import {
  REGISTRY_ACCOUNT,
  requireProgram,
  run,
  startDockerRegistry,
  startPeer,
  temporaryDirectory,
} from "@cooper/test";
import type { DockerRegistry, DockerRegistryOptions, Peer } from "@cooper/test";
import { basicCredential, basicHeader } from "../credentials/credential.ts";
import { listRepositories, openRegistryRepository } from "./repository.ts";
import type { OpenRegistryOptions, RegistryRepository } from "./repository.ts";

const BLOB = "application/octet-stream";

interface Opened {
  readonly registry: DockerRegistry;
  readonly open: (repository: string, options?: OpenRegistryOptions) => RegistryRepository;
}

async function start(t: TestContext, options: DockerRegistryOptions = {}): Promise<Opened | undefined> {
  const registry = await startDockerRegistry(t, options);
  if (registry === undefined) return undefined;
  const environment = { HOME: temporaryDirectory(t) };
  return {
    registry,
    open: (repository, more = {}) => {
      const opened = openRegistryRepository({ host: registry.host, repository }, { environment, ...more });
      t.after(async () => await opened.close());
      return opened;
    },
  };
}

function blobOf(bytes: Uint8Array): Descriptor {
  return describeBytes(BLOB, bytes);
}

async function putImage(repository: RegistryRepository, layer: Uint8Array, tag: string): Promise<Descriptor> {
  const config = describeBytes(MEDIA_TYPES.oci.config, EMPTY_BYTES);
  const described = describeBytes(MEDIA_TYPES.oci.layer, layer);
  await repository.putBlob(config, () => fromBytes(EMPTY_BYTES));
  await repository.putBlob(described, () => fromBytes(layer));
  const raw = serializeJson({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.oci.manifest,
    config,
    layers: [described],
  });
  const descriptor = describeBytes(MEDIA_TYPES.oci.manifest, raw);
  await repository.putManifest(raw, descriptor, { tag });
  return descriptor;
}

test("what is pushed to docker-registry comes back as it was", async (t) => {
  const opened = await start(t);
  if (opened === undefined) return;
  const repository = opened.open("a/b");
  const layer = randomBytes(10_000_000); // more than goes in one PUT
  const descriptor = await putImage(repository, layer, "v1");
  assert.deepEqual(await repository.resolve({ tag: "v1" }), descriptor);
  assert.deepEqual(await repository.resolve({ digest: descriptor.digest }), descriptor);
  const raw = await repository.manifest(descriptor);
  assert.equal(digestBytes(raw), descriptor.digest);
  const back = await collect(repository.blob(blobOf(layer)), { limit: layer.byteLength });
  assert.ok(back.equals(layer));
  const part = await collect(repository.blob(blobOf(layer), { range: { offset: 5_000_000, length: 17 } }), {
    limit: 17,
  });
  assert.ok(part.equals(layer.subarray(5_000_000, 5_000_017)));
  assert.deepEqual(await Array.fromAsync(repository.tags()), ["v1"]);
  assert.equal(await repository.hasBlob(blobOf(Buffer.from("nothing"))), false);
});

test("docker-registry with a password takes the right one and names the host when it is wrong", async (t) => {
  const opened = await start(t, { auth: "basic" });
  if (opened === undefined) return;
  const { username, password } = REGISTRY_ACCOUNT;
  const repository = opened.open("a/b", { credential: basicCredential(username, password) });
  const descriptor = await putImage(repository, randomBytes(1000), "v1");
  assert.deepEqual(await repository.resolve({ tag: "v1" }), descriptor);
  await assert.rejects(
    opened.open("a/b", { credential: basicCredential(username, "wrong-one") }).resolve({ tag: "v1" }),
    (error: Error & { code: string; advice: string }) => {
      assert.equal(error.code, "UNAUTHORIZED");
      assert.match(error.advice, new RegExp(`cooper login ${opened.registry.host}`));
      assert.doesNotMatch(`${error.message}${error.advice}${error.stack}`, /wrong-one/);
      return true;
    },
  );
});

test("a blob whose name is not known yet, and one in chunks, arrive whole", async (t) => {
  const opened = await start(t);
  if (opened === undefined) return;
  const layer = randomBytes(9_000_000);
  const unknown = await opened
    .open("a/b")
    .putUnknownBlob(() => fromBytes(layer.subarray(0, 5_000_000), layer.subarray(5_000_000)));
  assert.deepEqual(unknown, { digest: digestBytes(layer), size: layer.byteLength });
  for (const upload of ["monolithic", { chunkBytes: 2_000_000 }] as const) {
    const repository = opened.open(`c/${typeof upload === "object" ? "chunks" : upload}`, { upload });
    // oxlint-disable-next-line no-await-in-loop
    await repository.putBlob(blobOf(layer), () => fromBytes(layer));
    // oxlint-disable-next-line no-await-in-loop
    const back = await collect(repository.blob(blobOf(layer)), { limit: layer.byteLength });
    assert.ok(back.equals(layer));
  }
});

test("a blob is mounted from another repository of the same registry", async (t) => {
  const opened = await start(t);
  if (opened === undefined) return;
  const layer = randomBytes(100_000);
  await opened.open("from/here").putBlob(blobOf(layer), () => fromBytes(layer));
  const there = opened.open("to/there");
  await there.putBlob(blobOf(layer), () => assert.fail("opened"), { from: "from/here" });
  assert.equal(await there.hasBlob(blobOf(layer)), true);
});

test("an upload survives a registry that is restarted in the middle", async (t) => {
  const directory = temporaryDirectory(t);
  const opened = await start(t, { directory });
  if (opened === undefined) return;
  const { host } = opened.registry;
  const layer = randomBytes(8_000_000);
  let restarted: Promise<unknown> | undefined;
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield layer.subarray(0, 4_000_000);
    restarted ??= (async () => {
      await opened.registry.stop();
      await startDockerRegistry(t, { directory, host });
    })();
    await restarted;
    yield layer.subarray(4_000_000);
  };
  const repository = opened.open("a/b", { retries: { tries: 10, firstPause: 0.05 } });
  await repository.putBlob(blobOf(layer), content);
  assert.ok((await collect(repository.blob(blobOf(layer)), { limit: layer.byteLength })).equals(layer));
});

test("tags, manifests and blobs are deleted, and only what was meant", async (t) => {
  const opened = await start(t);
  if (opened === undefined) return;
  const repository = opened.open("a/b");
  const layer = randomBytes(1000);
  const descriptor = await putImage(repository, layer, "v1");
  await repository.putManifest(await repository.manifest(descriptor), descriptor, { tag: "v2" });
  // Distribution 2.8 deletes by digest only: the other tag of the same manifest must stay.
  await repository.deleteTag("v1");
  await assert.rejects(repository.resolve({ tag: "v1" }), { code: "NOT_FOUND" });
  assert.deepEqual(await repository.resolve({ tag: "v2" }), descriptor);
  await assert.rejects(repository.deleteTag("v1"), { code: "NOT_FOUND" });
  await repository.deleteManifest(descriptor.digest);
  await assert.rejects(repository.resolve({ tag: "v2" }), { code: "NOT_FOUND" });
  await assert.rejects(repository.deleteManifest(descriptor.digest), { code: "NOT_FOUND" });
  await repository.deleteBlob(digestBytes(layer));
  assert.equal(await repository.hasBlob(blobOf(layer)), false);
});

test("the repositories of docker-registry are listed, page by page", async (t) => {
  const opened = await start(t);
  if (opened === undefined) return;
  for (const name of ["a/b", "c", "d/e/f"]) {
    // oxlint-disable-next-line no-await-in-loop
    await putImage(opened.open(name), randomBytes(100), "v1");
  }
  const environment = { HOME: temporaryDirectory(t) };
  const names = await Array.fromAsync(listRepositories(opened.registry.host, { environment }));
  assert.deepEqual(names, ["a/b", "c", "d/e/f"]);
});

test("a manifest whose blobs are missing is refused in the registry's own words", async (t) => {
  const opened = await start(t);
  if (opened === undefined) return;
  const config = describeBytes(MEDIA_TYPES.oci.config, EMPTY_BYTES);
  const raw = serializeJson({ schemaVersion: 2, mediaType: MEDIA_TYPES.oci.manifest, config, layers: [] });
  const descriptor = describeBytes(MEDIA_TYPES.oci.manifest, raw);
  await assert.rejects(opened.open("a/b").putManifest(raw, descriptor, { tag: "v1" }), {
    message: /MANIFEST_BLOB_UNKNOWN/,
  });
});

test("skopeo reads what Cooper pushed, and Cooper reads what skopeo pushed", async (t) => {
  const skopeo = requireProgram(t, "skopeo");
  if (skopeo === undefined) return;
  const opened = await start(t);
  if (opened === undefined) return;
  const { host } = opened.registry;
  const descriptor = await putImage(opened.open("a/b"), randomBytes(5_000_000), "v1");
  const copy = ["copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests"];
  await run(skopeo, [...copy, `docker://${host}/a/b:v1`, `docker://${host}/c:v2`]);
  assert.deepEqual(await opened.open("c").resolve({ tag: "v2" }), descriptor);
});

// --- tokens ---

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token server whose tokens docker-registry believes (distribution, "Token Authentication Implementation"). */
async function tokens(
  t: TestContext,
): Promise<{ auth: NonNullable<DockerRegistryOptions["auth"]>; server: Peer } | undefined> {
  const openssl = requireProgram(t, "openssl");
  if (openssl === undefined) return undefined;
  const directory = temporaryDirectory(t);
  const key = join(directory, "key.pem");
  const rootcertbundle = join(directory, "cert.pem");
  const options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  await run(openssl, ["req", ...options, "-subj", "/CN=tokens", "-keyout", key, "-out", rootcertbundle]);
  const certificate = readFileSync(rootcertbundle, "utf8").replace(/-----[A-Z ]+-----|\s/g, "");
  const expected = basicHeader("alice", "secret");
  const server = await startPeer(t, (request, response) => {
    const known = request.headers.authorization === expected;
    if (request.headers.authorization !== undefined && !known) return response.writeHead(401).end();
    const now = Math.floor(Date.now() / 1000);
    const access = request.query.getAll("scope").map((scope) => {
      const [type, name = "", actions = ""] = scope.split(":");
      // Anyone may read what is public; alice may do anything.
      const wanted = actions
        .split(",")
        .filter((action) => known || (action === "pull" && name.startsWith("public/")));
      return { type, name, actions: wanted };
    });
    const claims = {
      iss: "cooper",
      aud: "registry",
      sub: "",
      nbf: now - 10,
      iat: now,
      exp: now + 300,
      jti: "1",
      access,
    };
    const text = `${encode({ typ: "JWT", alg: "ES256", x5c: [certificate] })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(text), {
      key: readFileSync(key),
      dsaEncoding: "ieee-p1363",
    });
    return response.end(
      JSON.stringify({ token: `${text}.${signature.toString("base64url")}`, expires_in: 300 }),
    );
  });
  const auth = { realm: `${server.url}/token`, service: "registry", issuer: "cooper", rootcertbundle };
  return { auth, server };
}

test("docker-registry with a token server: who may push, who may pull, and how often tokens are asked for", async (t) => {
  const made = await tokens(t);
  if (made === undefined) return;
  const opened = await start(t, { auth: made.auth });
  if (opened === undefined) return;
  const credential = basicCredential("alice", "secret");
  const layer = randomBytes(6_000_000);
  const descriptor = await putImage(opened.open("public/a", { credential }), layer, "v1");
  assert.equal(made.server.requests.length, 1, "one token for a whole push");
  const anonymous = opened.open("public/a");
  assert.deepEqual(await anonymous.resolve({ tag: "v1" }), descriptor);
  assert.ok((await collect(anonymous.blob(blobOf(layer)), { limit: layer.byteLength })).equals(layer));
  await assert.rejects(putImage(anonymous, randomBytes(100), "v2"), { code: "UNAUTHORIZED" });
  const wrong = opened.open("public/a", { credential: basicCredential("alice", "guess") });
  await assert.rejects(wrong.resolve({ tag: "v1" }), { code: "UNAUTHORIZED", message: /token/ });
  const other = opened.open("private/b", { credential });
  await other.putBlob(blobOf(layer), () => assert.fail("opened"), { from: "public/a" });
  await assert.rejects(opened.open("private/b").hasBlob(blobOf(layer)), { code: "UNAUTHORIZED" });
  await opened.open("public/a", { credential }).deleteManifest(descriptor.digest);
  const environment = { HOME: temporaryDirectory(t) };
  const names = await Array.fromAsync(listRepositories(opened.registry.host, { credential, environment }));
  assert.deepEqual(names.toSorted(), ["private/b", "public/a"]);
});
