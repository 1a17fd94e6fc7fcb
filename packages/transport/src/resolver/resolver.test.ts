import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { putSample, sampleImage, temporaryDirectory } from "@cooper/test";
import { openLayout } from "../layout/directory.ts";
import { openStore } from "../store/store.ts";
import { createResolver, openReference } from "./resolver.ts";

test("docs/transports.md has a line for each scheme of the table", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/transports.md"), "utf8");
  const documented = [...page.matchAll(/^\| `([a-z-]+):/gm)].map(([, scheme = ""]) => scheme);
  assert.deepEqual(documented.toSorted(), [...createResolver().schemes.keys()].toSorted());
});

test("docker:// passes the store by, and a name with a digest is found there by the digest", async (t) => {
  const home = temporaryDirectory(t);
  const sample = await sampleImage();
  const store = openStore({ home });
  await putSample(store, sample, "docker.io/library/app:latest");
  await store.close();
  const byDigest = await openReference(`app@${sample.root.digest}`, { home });
  assert.equal(byDigest.reference.scheme, "store");
  await byDigest.close();
  const signal = AbortSignal.timeout(1);
  await assert.rejects(openReference("docker://127.0.0.1:1/app", { home, signal }));
});

test("a layout that is opened without a tag is its only image", async (t) => {
  const directory = temporaryDirectory(t);
  const sample = await sampleImage();
  const layout = await openLayout(directory, { access: "write" });
  await putSample(layout, sample, "whatever");
  await layout.close();
  const { descriptor, close } = await openReference(`oci:${directory}`);
  assert.equal(descriptor?.digest, sample.root.digest);
  await close();
});

test("a scheme that is given again takes the place of the one that was there", () => {
  const resolver = createResolver([{ name: "docker" }]);
  assert.deepEqual(Object.keys(resolver.schemes.get("docker") ?? {}), ["name"]);
});
