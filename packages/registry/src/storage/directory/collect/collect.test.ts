import assert from "node:assert/strict";
import { existsSync, linkSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import {
  closing,
  descriptorOf,
  digestOf,
  manifestOf,
  OCI_INDEX,
  pushedImage,
  someBytes,
  until,
  visit,
} from "../../../conformance/visitor.test.ts";
import type { Visitor } from "../../../conformance/visitor.test.ts";
import { storableDigest } from "../../../names.ts";
import { directoryStorage } from "../directory.ts";
import type { DirectoryStorage } from "../directory.ts";
import { DirectoryLayout } from "../layout.ts";
import type { CollectOptions } from "./collect.ts";

const HOUR = 3600;
const LIMITS: CollectOptions = { graceSeconds: HOUR, uploadSeconds: 24 * HOUR };

const dropsUntagged = (repository: string): boolean => repository.startsWith("made/");

interface Place {
  readonly visitor: Visitor;
  readonly storage: DirectoryStorage;
  readonly layout: DirectoryLayout;
  /** Makes a blob look as if it was used last so many hours ago. */
  age(repository: string, digest: string, hours: number): void;
  has(repository: string, digest: string): boolean;
}

async function open(t: TestContext): Promise<Place> {
  const path = temporaryDirectory(t);
  const storage = directoryStorage({ path });
  const layout = new DirectoryLayout(path);
  const file = (repository: string, digest: string): string =>
    layout.blob(repository, storableDigest(digest));
  return {
    visitor: await visit(t, { storage }),
    storage,
    layout,
    age: (repository, digest, hours) => ageFile(file(repository, digest), hours),
    has: (repository, digest) => existsSync(file(repository, digest)),
  };
}

function ageFile(path: string, hours: number): void {
  const then = Date.now() / 1000 - hours * HOUR;
  utimesSync(path, then, then);
}

suite("collecting", () => {
  test("a blob that no manifest names goes when nobody has used it for long", async (t) => {
    const { visitor, storage, layout, age, has } = await open(t);
    const image = await pushedImage(visitor, "a");
    await visitor.pushManifest("a", "v1", image);
    const { config, layers }: { config: { digest: string }; layers: { digest: string }[] } = JSON.parse(
      image.bytes.toString(),
    );
    const named = [config.digest, ...layers.map(({ digest }) => digest)];
    const [old, fresh] = [await visitor.pushBlob("a", someBytes(1000)), await visitor.pushBlob("a", "fresh")];
    for (const digest of [...named, old]) age("a", digest, 48);

    const collected = await storage.collect(LIMITS);
    assert.deepEqual(collected.removed, { blobs: 1, uploads: 0, manifests: 0, bytes: 1000 });
    assert.deepEqual(collected.kept, { blobs: 3, bytes: 2 + 64 + 5 });
    assert.equal((await visitor.ask("GET", `/v2/a/blobs/${old}`)).status, 404);
    assert.ok(!existsSync(layout.content(storableDigest(old))));
    for (const digest of [...named, fresh]) assert.ok(has("a", digest), digest);
    assert.equal((await storage.collect(LIMITS)).removed.blobs, 0);
  });

  test("the bytes go with the last repository that has them", async (t) => {
    const { visitor, storage, layout, age, has } = await open(t);
    const bytes = someBytes(500);
    const digest = await visitor.pushBlob("a", bytes);
    await visitor.ask("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`);
    const image = manifestOf({ config: { mediaType: "x/y", digest, size: 500 }, layers: [] });
    await visitor.pushManifest("b", "v1", image);
    age("a", digest, 48);
    assert.deepEqual((await storage.collect(LIMITS)).removed, {
      blobs: 1,
      uploads: 0,
      manifests: 0,
      bytes: 0,
    });
    assert.ok(!has("a", digest) && has("b", digest));

    await visitor.ask("DELETE", `/v2/b/manifests/${image.digest}`);
    age("b", digest, 48);
    assert.deepEqual((await storage.collect(LIMITS)).removed, {
      blobs: 1,
      uploads: 0,
      manifests: 0,
      bytes: 500,
    });
    assert.ok(!existsSync(layout.content(storableDigest(digest))));
  });

  test("a blob that was asked for, mounted, pushed again or read is in use", async (t) => {
    const { visitor, storage, age, has } = await open(t);
    const uses: Readonly<Record<string, (digest: string) => Promise<unknown>>> = {
      asked: async (digest) => await visitor.ask("HEAD", `/v2/a/blobs/${digest}`),
      read: async (digest) => await visitor.ask("GET", `/v2/a/blobs/${digest}`),
      mounted: async (digest) => await visitor.ask("POST", `/v2/a/blobs/uploads/?mount=${digest}&from=a`),
      pushed: async (digest) => {
        const location = await visitor.start("a");
        await visitor.ask("PUT", closing(location, digest), { body: "pushed" });
      },
    };
    for (const [word, use] of Object.entries(uses)) {
      // oxlint-disable-next-line no-await-in-loop
      const digest = await visitor.pushBlob("a", word);
      age("a", digest, 48);
      // oxlint-disable-next-line no-await-in-loop
      await use(digest);
    }
    assert.equal((await storage.collect(LIMITS)).removed.blobs, 0);
    for (const word of Object.keys(uses)) assert.ok(has("a", digestOf(word)), word);
  });

  test("the first layer of a push that takes hours stays until the last one is there", async (t) => {
    const { visitor, storage, layout, age, has } = await open(t);
    const first = await visitor.pushBlob("a", "first layer");
    const upload = await visitor.start("a");
    age("a", first, 5);
    // The upload's file is as old as this test, and stands for a second layer that is still coming.
    const born = statSync(
      join(layout.repository("a"), "_uploads", upload.split("/").at(-1) ?? ""),
    ).birthtimeMs;
    const graceSeconds = 5.5 * HOUR;
    assert.ok(born > 0);
    assert.equal((await storage.collect({ ...LIMITS, graceSeconds })).removed.blobs, 0);
    assert.ok(has("a", first));
    await visitor.ask("DELETE", upload);
    assert.equal((await storage.collect(LIMITS)).removed.blobs, 1);
  });

  test("an upload that nobody goes on with is given up, and one that is written to is not", async (t) => {
    const { visitor, storage, layout } = await open(t);
    const [left, busy, young] = [
      await visitor.start("a"),
      await visitor.start("a"),
      await visitor.start("a"),
    ];
    await visitor.ask("PATCH", left, { body: "12345" });
    const { hostname, port } = new URL(visitor.url);
    const socket = connect(Number(port), hostname);
    t.after(() => socket.destroy());
    const half = someBytes(8_000_000);
    socket.write(`PATCH ${busy} HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n`);
    socket.write(half);
    await until(async () => (await visitor.ask("GET", busy)).headers.range !== "0-0");
    for (const location of [left, busy]) {
      ageFile(layout.upload("a", location.split("/").at(-1) ?? ""), 48);
    }
    assert.deepEqual((await storage.collect(LIMITS)).removed, {
      blobs: 0,
      uploads: 1,
      manifests: 0,
      bytes: 5,
    });
    assert.equal((await visitor.ask("GET", left)).status, 404);
    assert.equal((await visitor.ask("GET", young)).status, 204);
    socket.write(half);
    await until(async () => (await visitor.ask("GET", busy)).headers.range === "0-15999999");
  });

  test("manifests without a tag stay, but where they are to go; what a tag leads to stays anywhere", async (t) => {
    const { visitor, storage, layout, age, has } = await open(t);
    const image = await pushedImage(visitor, "made/x");
    const index = manifestOf({ manifests: [descriptorOf(image)] }, OCI_INDEX);
    const signature = manifestOf({
      config: { mediaType: "x/y", digest: digestOf("{}"), size: 2 },
      layers: [],
      subject: descriptorOf(image),
    });
    const stale = await pushedImage(visitor, "made/x", { config: undefined });
    const old = manifestOf({ manifests: [descriptorOf(image)] }, OCI_INDEX);
    for (const [reference, manifest] of [
      [image.digest, image],
      ["v1", index],
      [signature.digest, signature],
      [old.digest, old],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      assert.equal((await visitor.pushManifest("made/x", reference, manifest)).status, 201);
      ageFile(layout.manifest("made/x", storableDigest(manifest.digest)), 48);
    }
    assert.ok(stale.bytes.byteLength > 0);
    ageFile(layout.tags("made/x"), 48);
    assert.equal((await storage.collect(LIMITS)).removed.manifests, 0, "by default nothing goes");
    assert.equal((await storage.collect({ ...LIMITS, dropsUntagged })).removed.manifests, 1);
    const status = async (digest: string): Promise<number> =>
      (await visitor.ask("GET", `/v2/made/x/manifests/${digest}`)).status;
    assert.equal(await status(old.digest), 404);
    for (const { digest } of [image, index, signature]) assert.equal(await status(digest), 200); // oxlint-disable-line no-await-in-loop

    // Who pulls by a tag that is moved away just now has a while to come for the rest.
    await visitor.ask("DELETE", "/v2/made/x/manifests/v1");
    assert.equal((await storage.collect({ ...LIMITS, dropsUntagged })).removed.manifests, 0);
    ageFile(layout.tags("made/x"), 48);
    assert.equal((await storage.collect({ ...LIMITS, dropsUntagged })).removed.manifests, 3);
    age("made/x", digestOf("{}"), 48);
    await storage.collect(LIMITS);
    assert.ok(!has("made/x", digestOf("{}")));
  });

  test("what was only ever asked for by its digest stays longer than what lost its tag", async (t) => {
    const { visitor, storage, layout } = await open(t);
    const index = manifestOf({ manifests: [] }, OCI_INDEX);
    await visitor.pushManifest("made/by-digest", index.digest, index);
    ageFile(layout.manifest("made/by-digest", storableDigest(index.digest)), 48);
    const longer = { ...LIMITS, dropsUntagged, neverTaggedSeconds: 72 * HOUR };
    assert.equal((await storage.collect(longer)).removed.manifests, 0);
    assert.equal((await storage.collect({ ...longer, neverTaggedSeconds: HOUR })).removed.manifests, 1);
  });

  test("what a crash leaves behind is cleared away: bytes that nobody has, half-written files", async (t) => {
    const { visitor, storage, layout, age } = await open(t);
    await visitor.pushManifest("a", "v1", manifestOf({ manifests: [] }, OCI_INDEX));
    const digest = storableDigest(await visitor.pushBlob("a", "orphan"));
    age("a", digest, 48);
    await visitor.ask("DELETE", `/v2/a/blobs/${digest}`);
    const orphan = layout.content(digest);
    writeFileSync(orphan, "orphan");
    const halves = [join(layout.tags("a"), ".v1.tmp"), join(layout.manifests("a"), "sha256", ".x.tmp")];
    for (const path of halves) writeFileSync(path, "half");
    for (const path of [orphan, ...halves]) ageFile(path, 48);
    await storage.collect(LIMITS);
    for (const path of halves) assert.ok(!existsSync(path), path);
    // Its status changed just now, when it was made to look old.
    assert.ok(existsSync(orphan));
    assert.equal((await storage.collect({ ...LIMITS, graceSeconds: 0 })).removed.bytes, 6);
    assert.ok(!existsSync(orphan));
  });

  test("a name that cannot be read as a digest, or a manifest that is none, stops nothing", async (t) => {
    const { visitor, storage, layout, age, has } = await open(t);
    const digest = await visitor.pushBlob("a", "named in an unknown way");
    const odd = Buffer.from(`{"x": [{"y": "${digest.replace(":", "\\u003a")}"}]}`);
    await visitor.ask("PUT", "/v2/a/manifests/odd", { body: odd, headers: { "Content-Type": "x/y" } });
    await visitor.ask("PUT", "/v2/a/manifests/raw", {
      body: Buffer.from([0xff, 0x00, 0xfe]),
      headers: { "Content-Type": "x/y" },
    });
    age("a", digest, 48);
    writeFileSync(join(layout.blobs("a"), "sha256", "no-digest"), "");
    linkSync(layout.content(storableDigest(digest)), join(layout.root, "elsewhere"));
    assert.equal((await storage.collect(LIMITS)).removed.blobs, 0);
    assert.ok(has("a", digest));
  });

  test("one process collects at a time, and nothing of another directory is touched", async (t) => {
    const { storage, layout } = await open(t);
    assert.equal((await storage.collect(LIMITS)).outcome, "done", "also of a directory that is empty");
    const both = await Promise.all([
      storage.collect(LIMITS),
      directoryStorage({ path: layout.root }).collect(LIMITS),
    ]);
    assert.deepEqual(both.map(({ outcome }) => outcome).toSorted(), ["busy", "done"]);
    assert.deepEqual(readdirSync(layout.root), ["collecting"]);
  });

  test("stops when it is told to", async (t) => {
    const { visitor, storage } = await open(t);
    await visitor.pushBlob("a", "x");
    await assert.rejects(async () => await storage.collect({ ...LIMITS, signal: AbortSignal.abort() }), {
      name: "AbortError",
    });
    assert.equal((await storage.collect(LIMITS)).outcome, "done");
  });
});
