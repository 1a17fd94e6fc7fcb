// What the conformance tests share. It ends in .test.ts so that it is not published.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { temporaryDirectory } from "@cooper/test";
import { createRegistry } from "../registry.ts";
import type { RegistryOptions } from "../options.ts";
import { directoryStorage } from "../storage/directory/directory.ts";
import { memoryStorage } from "../storage/memory.ts";
import type { Storage } from "../storage/storage.ts";

export const OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json";
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const EMPTY_JSON = "application/vnd.oci.empty.v1+json";

const STORAGES: Readonly<Record<string, (t: TestContext) => Storage>> = {
  memory: () => memoryStorage(),
  directory: (t) => directoryStorage({ path: temporaryDirectory(t) }),
};

/** Runs a test on every storage, each time with a registry of its own. */
export function everywhere(
  name: string,
  body: (visitor: Visitor, t: TestContext) => Promise<void>,
  options: Omit<RegistryOptions, "storage"> = {},
): void {
  for (const [storageName, makeStorage] of Object.entries(STORAGES)) {
    test(`${name} (${storageName})`, async (t) => {
      await body(await visit(t, { storage: makeStorage(t), ...options }), t);
    });
  }
}

/** A visitor of a registry that ends with the test. */
export async function visit(t: TestContext, options: RegistryOptions): Promise<Visitor> {
  const listening = await createRegistry(options).listen({ graceSeconds: 1 });
  t.after(async () => await listening.close());
  return visitorOf(t, listening.url);
}

export function visitorOf(t: TestContext, url: string): Visitor {
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  return new Visitor(url, agent);
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Sends the body without saying how long it is. */
  readonly framing?: "length" | "chunked";
}

/** Asks a registry things, one at a time, with nothing added and nothing followed. */
export class Visitor {
  readonly url: string;
  readonly #agent: Agent;

  constructor(url: string, agent: Agent) {
    this.url = url;
    this.#agent = agent;
  }

  async ask(
    method: string,
    path: string,
    { headers = {}, body, framing = "length" }: Asking = {},
  ): Promise<Answer> {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const length = framing === "chunked" ? {} : { "Content-Length": String(bytes?.byteLength ?? 0) };
    const { hostname, port } = new URL(this.url);
    return await new Promise((resolve, reject) => {
      const outgoing = request(
        { agent: this.#agent, hostname, port, method, path, headers: { ...length, ...headers } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(bytes);
    });
  }

  /** Starts an upload and gives its address. */
  async start(repository: string, query = ""): Promise<string> {
    const answer = await this.ask("POST", `/v2/${repository}/blobs/uploads/${query}`);
    assert.equal(answer.status, 202, answer.body.toString());
    return located(answer);
  }

  /** Pushes a blob by POST and PUT. */
  async pushBlob(repository: string, bytes: Uint8Array | string, algorithm = "sha256"): Promise<string> {
    const digest = digestOf(bytes, algorithm);
    const location = await this.start(
      repository,
      algorithm === "sha256" ? "" : `?digest-algorithm=${algorithm}`,
    );
    const answer = await this.ask("PUT", closing(location, digest), { body: bytes });
    assert.equal(answer.status, 201, answer.body.toString());
    return digest;
  }

  async pushManifest(repository: string, reference: string, manifest: Manifest): Promise<Answer> {
    return await this.ask("PUT", `/v2/${repository}/manifests/${reference}`, {
      body: manifest.bytes,
      headers: { "Content-Type": manifest.mediaType },
    });
  }
}

export interface Manifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: string;
}

/** A manifest of these values, as bytes that no other has. */
export function manifestOf(value: Readonly<Record<string, unknown>>, mediaType = OCI_IMAGE): Manifest {
  const unique = { "org.example.unique": randomBytes(8).toString("hex") };
  const own = typeof value["annotations"] === "object" ? value["annotations"] : {};
  const document = { schemaVersion: 2, mediaType, ...value, annotations: { ...own, ...unique } };
  return rawManifest(JSON.stringify(document), mediaType);
}

export function rawManifest(text: string | Buffer, mediaType = OCI_IMAGE): Manifest {
  const bytes = Buffer.from(text);
  return { bytes, mediaType, digest: digestOf(bytes) };
}

/** An image of an empty config and one layer; what it names is pushed too. */
export async function pushedImage(
  visitor: Visitor,
  repository: string,
  more: object = {},
): Promise<Manifest> {
  const config = await visitor.pushBlob(repository, "{}");
  const layerBytes = randomBytes(64);
  const layer = await visitor.pushBlob(repository, layerBytes);
  return manifestOf({
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config, size: 2 },
    layers: [
      { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layer, size: layerBytes.byteLength },
    ],
    ...more,
  });
}

export function descriptorOf({ mediaType, digest, bytes }: Manifest): {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
} {
  return { mediaType, digest, size: bytes.byteLength };
}

export function digestOf(bytes: Uint8Array | string, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** Bytes that no other test has. */
export function someBytes(size: number): Buffer {
  return randomBytes(size);
}

export function located(answer: Answer): string {
  assert.ok(answer.headers.location, "the answer has no Location");
  return answer.headers.location;
}

/** An upload's address with the digest that closes it. */
export function closing(location: string, digest: string): string {
  return `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
}

/** Waits for what will come soon, and fails if it does not. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2000; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop
    if (await condition()) return;
    // oxlint-disable-next-line no-await-in-loop
    await pause(10);
  }
  assert.fail("what was waited for did not come");
}

/** Checks a refusal: its status, its code, and that it has the specified form. */
export function refused(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.body.toString());
  assert.equal(answer.headers["content-type"], "application/json");
  const { errors }: { errors: { code: string; message: string }[] } = JSON.parse(answer.body.toString());
  assert.deepEqual(
    errors.map((error) => error.code),
    [code],
  );
  assert.match(errors[0]?.code ?? "", /^[A-Z_]+$/);
  assert.ok((errors[0]?.message ?? "") !== "");
}
