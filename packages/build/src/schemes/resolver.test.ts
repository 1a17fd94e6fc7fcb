import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeTar } from "@cooper/archive";
import { makeImage, makeLayer, validate } from "@cooper/oci";
import { copy, openReference, write } from "@cooper/transport";
import { temporaryDirectory } from "@cooper/test";
import { resolver } from "./resolver.ts";

test("flatten: in front of a reference gives its image with one layer, wherever it is copied", async (t) => {
  const directory = temporaryDirectory(t);
  const layers = ["a", "b"].map((path) =>
    makeLayer({ tar: () => writeTar([{ path, type: "file", bytes: Buffer.from(path) }]) }),
  );
  await write(
    makeImage({ config: { os: "linux", architecture: "amd64" }, layers }),
    `oci:${join(directory, "two")}:1`,
  );
  await copy(`flatten:oci:${join(directory, "two")}:1`, `oci:${join(directory, "one")}:1`, { resolver });
  const opened = await openReference(`oci:${join(directory, "one")}:1`);
  try {
    assert.ok(opened.content.kind === "image");
    assert.equal((await opened.content.layers()).length, 1);
    assert.deepEqual(await validate(opened.content, { depth: "full" }), []);
  } finally {
    await opened.close();
  }
});
