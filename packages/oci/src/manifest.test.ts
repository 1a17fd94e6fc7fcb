import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describeBytes,
  MEDIA_TYPES,
  parseConfig,
  parseIndex,
  parseManifest,
  sniffMediaType,
} from "./index.ts";
import { AMD64 } from "./memory.fixture.ts";

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const valid = { schemaVersion: 2, config: describeBytes(MEDIA_TYPES.oci.config, json({})), layers: [] };

for (const [why, value, code, path] of [
  ["schema 1", { schemaVersion: 1, name: "a", fsLayers: [] }, "SCHEMA1_UNSUPPORTED", undefined],
  ["a list", [], "INVALID_MANIFEST", ""],
  ["no version", { ...valid, schemaVersion: undefined }, "INVALID_MANIFEST", "schemaVersion"],
  ["no config", { schemaVersion: 2, layers: [] }, "INVALID_MANIFEST", "config"],
  [
    "a negative size",
    { ...valid, layers: [{ ...valid.config, size: -1 }] },
    "INVALID_MANIFEST",
    "layers.0.size",
  ],
  [
    "a size beyond counting",
    { ...valid, layers: [{ ...valid.config, size: 2 ** 53 }] },
    "INVALID_MANIFEST",
    "layers.0.size",
  ],
  ["half a byte", { ...valid, config: { ...valid.config, size: 0.5 } }, "INVALID_MANIFEST", "config.size"],
  [
    "a size that is text",
    { ...valid, config: { ...valid.config, size: "1" } },
    "INVALID_MANIFEST",
    "config.size",
  ],
  [
    "a digest that is none",
    { ...valid, config: { ...valid.config, digest: "sha256:1" } },
    "INVALID_MANIFEST",
    "config.digest",
  ],
  ["a media type that is none", { ...valid, mediaType: "image" }, "INVALID_MANIFEST", "mediaType"],
  [
    "an annotation that is a number",
    { ...valid, annotations: { a: 1 } },
    "INVALID_MANIFEST",
    "annotations.a",
  ],
  ["an index in one", { ...valid, manifests: [] }, "INVALID_MANIFEST", "manifests"],
  ["schema 1 in one", { ...valid, fsLayers: [] }, "INVALID_MANIFEST", "fsLayers"],
] as const) {
  test(`a manifest with ${why} is refused, and the message tells where`, () => {
    assert.throws(
      () => parseManifest(json(value)),
      (error: unknown) => {
        assert.ok(error instanceof Error && "code" in error && "fields" in error);
        assert.equal(error.code, code, error.message);
        if (path !== undefined) assert.deepEqual(error.fields, { path });
        return true;
      },
    );
  });
}

test("an index with layers or a config is refused, as it would be two things at once", () => {
  for (const extra of [{ layers: [] }, { config: valid.config }]) {
    assert.throws(() => parseIndex(json({ schemaVersion: 2, manifests: [], ...extra })), {
      code: "INVALID_MANIFEST",
    });
  }
});

test("keys that nobody knows stay, in manifests, descriptors and configs", () => {
  const raw = json({ ...valid, "x-top": { a: null }, layers: [{ ...valid.config, "x-layer": 1 }] });
  assert.deepEqual(parseManifest(raw), JSON.parse(raw.toString()));
  const config = json({
    "x-a": 1,
    ...AMD64,
    config: { "x-b": 2 },
    rootfs: { type: "layers", diff_ids: [], "x-c": 3 },
  });
  assert.deepEqual(parseConfig(config), JSON.parse(config.toString()));
});

test("the nulls that Go writes for nothing are read as nothing", () => {
  const manifest = parseManifest(json({ ...valid, layers: null, annotations: null, subject: null }));
  assert.deepEqual(manifest, { schemaVersion: 2, config: valid.config, layers: [] });
  assert.deepEqual(parseIndex(json({ schemaVersion: 2, manifests: null })).manifests, []);
  const config = parseConfig(
    json({
      ...AMD64,
      config: { Cmd: null, Env: null, Volumes: null, Labels: null, Entrypoint: null },
      history: null,
      rootfs: { type: "layers", diff_ids: null },
    }),
  );
  assert.deepEqual(config, { ...AMD64, config: {}, rootfs: { type: "layers", diff_ids: [] } });
});

test("bytes that nobody gave a media type tell it themselves", () => {
  assert.equal(sniffMediaType(json(valid)), MEDIA_TYPES.oci.manifest);
  assert.equal(sniffMediaType(json({ schemaVersion: 2, manifests: [] })), MEDIA_TYPES.oci.index);
  for (const mediaType of [MEDIA_TYPES.docker.manifest, MEDIA_TYPES.docker.index]) {
    assert.equal(sniffMediaType(json({ schemaVersion: 2, mediaType })), mediaType);
  }
});
