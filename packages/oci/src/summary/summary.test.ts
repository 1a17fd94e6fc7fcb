import assert from "node:assert/strict";
import { test } from "node:test";
import { writeTar } from "@cooper/archive";
import { emptyImage, makeArtifact, makeImage } from "../make-image.ts";
import { makeIndex } from "../make-index.ts";
import { makeLayer } from "../make-layer.ts";
import type { Layer } from "../model.ts";
import { historyOf, layerSteps, summarize } from "./summary.ts";
import { contentTree } from "./tree.ts";

const platform = { os: "linux", architecture: "amd64" };

function layerWith(name: string): Layer {
  return makeLayer({ tar: () => writeTar([{ path: name, type: "file", bytes: Buffer.from(name) }]) });
}

function sample(
  steps: readonly { readonly created_by: string; readonly empty_layer?: boolean }[],
): ReturnType<typeof makeImage> {
  return makeImage({
    config: { ...platform, created: "2026-01-01T00:00:00Z", config: { Cmd: ["a"] }, history: steps },
    layers: [layerWith("a"), layerWith("b")],
    annotations: { key: "value" },
  });
}

test("a layer's instruction is that of its own step, not of steps that made none", async () => {
  const image = sample([
    { created_by: "ADD a" },
    { created_by: "ENV x=1", empty_layer: true },
    { created_by: "ADD b" },
    { created_by: "CMD a", empty_layer: true },
  ]);
  const summary = await summarize(image);
  assert.ok(summary.kind === "image");
  assert.deepEqual(
    summary.layers.map(({ createdBy }) => createdBy),
    ["ADD a", "ADD b"],
  );
  assert.deepEqual(summary.platform, platform);
  assert.deepEqual(summary.run?.Cmd, ["a"]);
  assert.deepEqual(summary.annotations, { key: "value" });
  const { layers, config } = await image.manifest();
  const sizes = [...layers, config, await image.descriptor()].map(({ size }) => size);
  assert.equal(
    summary.totalSize,
    sizes.reduce((a, b) => a + b),
  );
});

test("a history that does not fit the layers says nothing of any of them", async () => {
  const summary = await summarize(sample([{ created_by: "ADD a" }]));
  assert.ok(summary.kind === "image");
  assert.deepEqual(
    summary.layers.map(({ createdBy }) => createdBy),
    [undefined, undefined],
  );
  assert.deepEqual(layerSteps(await sample([]).config()), []);
});

test("the history has each step with its layer, and layers without a step at the end", async () => {
  const image = sample([{ created_by: "ADD a" }, { created_by: "ENV", empty_layer: true }]);
  const { layers } = await image.manifest();
  const steps = await historyOf(image);
  assert.deepEqual(
    steps.map(({ created_by: createdBy, layer }) => [createdBy, layer?.digest]),
    [
      ["ADD a", layers[0]?.digest],
      ["ENV", undefined],
      [undefined, layers[1]?.digest],
    ],
  );
});

test("an artifact has a type, and neither platform nor run config", async () => {
  const summary = await summarize(makeArtifact({ artifactType: "application/x", blobs: [] }));
  assert.ok(summary.kind === "image");
  assert.equal(summary.artifactType, "application/x");
  assert.equal(summary.platform, undefined);
});

test("an index is told by its own entries", async () => {
  const index = makeIndex({ manifests: [emptyImage(platform)] });
  const summary = await summarize(index);
  assert.ok(summary.kind === "index");
  assert.deepEqual(
    summary.manifests.map((entry) => entry.platform),
    [platform],
  );
});

test("the tree has an index's images, their configs and layers, and what refers to them", async () => {
  const image = sample([]);
  const index = makeIndex({ manifests: [image] });
  const subject = await image.descriptor();
  const signature = makeArtifact({ artifactType: "application/x", blobs: [], subject });
  const signatureDescriptor = await signature.descriptor();
  const root = await contentTree(index, {
    referrersOf: async (digest) => (digest === subject.digest ? [signatureDescriptor] : []),
    open: () => signature,
  });
  const [child] = root.children;
  assert.equal(root.role, "index");
  assert.equal(child?.role, "image");
  assert.deepEqual(
    child?.children.map(({ role }) => role),
    ["config", "layer", "layer"],
  );
  assert.deepEqual(
    child?.referrers.map(({ role, descriptor }) => [role, descriptor.digest]),
    [["artifact", signatureDescriptor.digest]],
  );
});

test("a manifest that refers to itself by way of another does not make the tree endless", async () => {
  const image = sample([]);
  const root = await contentTree(image, {
    referrersOf: async () => [await image.descriptor()],
    open: () => image,
  });
  assert.equal(root.referrers[0]?.repeated, true);
});
