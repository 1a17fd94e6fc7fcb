import assert from "node:assert/strict";
import { test } from "node:test";
import { writeTar } from "@cooper/archive";
import { makeStep, type Step } from "@cooper/engine";
import { type Digest, type DiffId, type Layer, makeImage, makeLayer } from "@cooper/oci";
import { compareBuilds, type ObservedBuild } from "./compare-builds.ts";

const PLATFORM = { os: "linux", architecture: "amd64" } as const;

function layerOf(text: string): Layer {
  const file = { path: "file", type: "file", mode: 0o644, bytes: Buffer.from(text) } as const;
  return makeLayer({ tar: () => writeTar([file]), compression: "none" });
}

function base(pinned: string): Step {
  return makeStep({ kind: "image", reference: "apt:jq", platform: PLATFORM, pinned });
}

function written(path: string, below: Step): Step {
  return makeStep({ kind: "file", files: [{ kind: "file", path, text: "", mode: 0o644 }] }, [below]);
}

/** A build of these layers, each by the step beside it or of the base. */
async function build(last: Step, ...given: readonly (readonly [string, Step?])[]): Promise<ObservedBuild> {
  const layers = given.map(([text]) => layerOf(text));
  const made = new Map<Digest, DiffId>();
  for (const [place, [, step]] of given.entries()) {
    // oxlint-disable-next-line no-await-in-loop
    const diffId = await layers[place]?.diffId();
    if (step !== undefined && diffId !== undefined) made.set(step.digest, diffId);
  }
  return { image: makeImage({ config: PLATFORM, layers }), last, made };
}

test("a layer that one of two images has more is named, and those after it are not blamed", async () => {
  const last = written("app", base("same"));
  const first = await build(last, ["a"], ["c"], ["app", last]);
  const second = await build(last, ["a"], ["b"], ["c"], ["app", last]);
  const more = await compareBuilds(first, second);
  assert.deepEqual(more.layers, [{ kind: "only-in-second", layer: 1, step: undefined }]);
  assert.deepEqual(more.steps, []);
  const less = await compareBuilds(second, first);
  assert.deepEqual(less.layers, [{ kind: "only-in-first", layer: 1, step: undefined }]);
});

test("where counts differ, layers are compared in order and what is left over is listed with its step", async () => {
  const below = written("below", base("same"));
  const last = written("app", below);
  const first = await build(last, ["one", below], ["two", last]);
  const { layers, steps } = await compareBuilds(first, await build(last, ["other", below]));
  assert.deepEqual(
    layers.map(({ kind, layer, step }) => ({ kind, layer, step })),
    [
      { kind: "differs", layer: 0, step: "write below" },
      { kind: "only-in-first", layer: 1, step: "write app" },
    ],
  );
  assert.deepEqual(steps, ["write below"]);
});

test("steps that stand on an image which was found to be another are not blamed, the image is", async () => {
  const [one, other] = [base("one"), base("other")];
  const [first, second] = [written("app", one), written("app", other)];
  const { steps } = await compareBuilds(
    await build(first, ["a"], ["app", first]),
    await build(second, ["b"], ["app", second]),
  );
  assert.deepEqual(steps, ["image apt:jq"]);
});

test("builds that gave the same have nothing to tell", async () => {
  const last = written("app", base("same"));
  const same = await build(last, ["a"], ["app", last]);
  const { digests, layers, steps } = await compareBuilds(same, same);
  assert.equal(digests[0], digests[1]);
  assert.deepEqual([layers, steps], [[], []]);
});
