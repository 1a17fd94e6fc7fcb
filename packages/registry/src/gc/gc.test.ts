import assert from "node:assert/strict";
import { existsSync, utimesSync } from "node:fs";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { digestOf, manifestOf, OCI_INDEX, descriptorOf, visit } from "../conformance/visitor.test.ts";
import { storableDigest } from "../names.ts";
import { directoryStorage } from "../storage/directory/directory.ts";
import { DirectoryLayout } from "../storage/directory/layout.ts";
import { selectExpired } from "./expire-made.ts";
import type { MadeImage } from "./expire-made.ts";
import { collectGarbage } from "./gc.ts";
import type { GcOptions } from "./gc.ts";

const DAY = 86_400;
const OPTIONS: GcOptions = {
  graceSeconds: 3600,
  uploadSeconds: DAY,
  madeSeconds: 30 * DAY,
  isMade: (repository) => repository.startsWith("apt/"),
};

function made(key: string, used: number, blobs: Readonly<Record<string, number>>): MadeImage {
  const sizes = Object.entries(blobs).map(([word, size]) => [storableDigest(digestOf(word)), size] as const);
  return { key, repository: key, tag: "latest", used, blobs: new Map(sizes) };
}

function age(file: string, days: number): void {
  const then = Date.now() / 1000 - days * DAY;
  utimesSync(file, then, then);
}

test("images go that nobody asks for, then the rest until it has room; shared bytes count once", () => {
  const images = [
    made("new", 990, { base: 100, new: 10 }),
    made("old", 100, { base: 100, old: 20 }),
    made("older", 50, { base: 100, older: 30 }),
    made("middle", 500, { other: 70 }),
  ];
  const select = (ageSeconds: number, bytes?: number): readonly [string, number] => {
    const { expired, keptBytes } = selectExpired(images, { ageSeconds, bytes, now: 1000 });
    return [expired.map(({ key }) => key).join(), keptBytes];
  };
  assert.deepEqual(select(1000), ["", 230]);
  assert.deepEqual(select(910), ["older", 200]);
  assert.deepEqual(select(1000, 230), ["", 230]);
  assert.deepEqual(select(1000, 229), ["older", 200]);
  assert.deepEqual(select(1000, 180), ["older,old", 180]);
  assert.deepEqual(select(1000, 179), ["older,old,middle", 110]);
  assert.deepEqual(select(1000, 0), ["older,old,middle,new", 0]);
  assert.deepEqual(select(499), ["older,old,middle", 110]);
});

test("a made image that nobody asks for goes as a whole, and one in use stays", async (t) => {
  const path = temporaryDirectory(t);
  const storage = directoryStorage({ path });
  const layout = new DirectoryLayout(path);
  const visitor = await visit(t, { storage });
  for (const [repository, days] of [
    ["apt/forgotten", 40],
    ["apt/loved", 1],
    ["mine/pushed", 400],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const layer = storableDigest(await visitor.pushBlob(repository, repository));
    const image = manifestOf({
      config: { mediaType: "x/y", digest: layer, size: repository.length },
      layers: [],
    });
    const index = manifestOf({ manifests: [descriptorOf(image)] }, OCI_INDEX);
    // oxlint-disable-next-line no-await-in-loop
    await visitor.pushManifest(repository, image.digest, image);
    // oxlint-disable-next-line no-await-in-loop
    await visitor.pushManifest(repository, "latest", index);
    for (const { digest } of [image, index]) age(layout.manifest(repository, storableDigest(digest)), days);
    age(layout.blob(repository, layer), days);
    if (!repository.startsWith("apt/")) continue;
    // oxlint-disable-next-line no-await-in-loop
    await storage.putRecord("made", `${repository}:latest`, {});
    age(layout.record("made", `${repository}:latest`), days);
  }

  const first = await collectGarbage(storage, OPTIONS);
  assert.equal(first.expired.images, 1);
  assert.equal((await visitor.ask("GET", "/v2/apt/forgotten/manifests/latest")).status, 404);
  assert.equal(first.removed.manifests, 0, "who pulls it just now has a while to come for the rest");
  age(layout.tags("apt/forgotten"), 1);
  const second = await collectGarbage(storage, OPTIONS);
  assert.deepEqual(second.removed, { blobs: 1, uploads: 0, manifests: 2, bytes: 13 });
  assert.equal(await storage.record("made", "apt/forgotten:latest"), undefined);
  for (const repository of ["apt/loved", "mine/pushed"]) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("GET", `/v2/${repository}/manifests/latest`)).status, 200);
    assert.ok(existsSync(layout.blob(repository, storableDigest(digestOf(repository)))));
  }
});
