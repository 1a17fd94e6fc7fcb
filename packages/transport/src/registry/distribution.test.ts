import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { collect, fromBytes } from "@cooper/archive";
import { describeBytes, digestBytes, EMPTY_BYTES, MEDIA_TYPES, serializeJson } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import { REGISTRY_ACCOUNT, startDockerRegistry, temporaryDirectory } from "@cooper/test";
import type { DockerRegistry, DockerRegistryOptions } from "@cooper/test";
import { basicCredential } from "../credentials/credential.ts";
import { openRegistryRepository } from "./repository.ts";
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
