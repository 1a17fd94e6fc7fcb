import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyImage } from "../make-image.ts";
import { makeIndex } from "../make-index.ts";
import type { Image, Index } from "../model.ts";
import { formatPlatform, parsePlatform } from "../platform.ts";
import { withTime } from "./time.ts";
import { appendToIndex, childrenOf, filterIndex } from "./entries.ts";

function imageFor(platform: string): Image {
  return withTime(emptyImage(parsePlatform(platform)), new Date(0));
}

async function indexWithAttestation(): Promise<Index> {
  const amd64 = imageFor("linux/amd64");
  const arm64 = imageFor("linux/arm64");
  const attestation = emptyImage({ os: "unknown", architecture: "unknown" });
  return makeIndex({
    annotations: { key: "value" },
    manifests: [
      amd64,
      { content: arm64, annotations: { name: "arm" } },
      {
        content: attestation,
        platform: { os: "unknown", architecture: "unknown" },
        annotations: { "vnd.docker.reference.digest": await arm64.digest() },
      },
    ],
  });
}

async function platformsIn(index: Index): Promise<readonly string[]> {
  const { manifests } = await index.manifest();
  return manifests.map(({ platform }) => (platform === undefined ? "none" : formatPlatform(platform)));
}

test("filtering keeps the images of the platforms, their attestations and what the index says", async () => {
  const index = await indexWithAttestation();
  const filtered = filterIndex(index, [parsePlatform("linux/arm64")]);
  assert.deepEqual(await platformsIn(filtered), ["linux/arm64", "unknown/unknown"]);
  const { annotations, manifests } = await filtered.manifest();
  assert.deepEqual(annotations, { key: "value" });
  assert.deepEqual(manifests[0]?.annotations, { name: "arm" });
  assert.deepEqual(manifests[0], (await index.manifest()).manifests[1]);
});

test("filtering for a platform that is not there is an error", async () => {
  const filtered = filterIndex(await indexWithAttestation(), [parsePlatform("linux/s390x")]);
  await assert.rejects(filtered.raw(), { code: "NO_SUCH_PLATFORM" });
});

test("appending leaves the entries before as they are", async () => {
  const index = await indexWithAttestation();
  const longer = appendToIndex(index, [imageFor("linux/s390x")]);
  assert.deepEqual((await longer.manifest()).manifests.slice(0, 3), (await index.manifest()).manifests);
  assert.deepEqual((await platformsIn(longer)).slice(3), ["linux/s390x"]);
});

test("the children of images and indexes are images, with what their index says of them", async () => {
  const children = await childrenOf([imageFor("linux/s390x"), await indexWithAttestation()]);
  const index = makeIndex({ manifests: children });
  assert.deepEqual(await platformsIn(index), [
    "linux/s390x",
    "linux/amd64",
    "linux/arm64",
    "unknown/unknown",
  ]);
  assert.deepEqual((await index.manifest()).manifests[2]?.annotations, { name: "arm" });
});
