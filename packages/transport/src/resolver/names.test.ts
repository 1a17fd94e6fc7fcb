import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { emptyImage } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import { write } from "../copy/write.ts";
import { addTag, deleteReference, listTags } from "./names.ts";
import { openReference } from "./resolver.ts";

const image = emptyImage({ os: "linux", architecture: "amd64" });

test("in a layout, tags are listed, added to a digest or a tag, and deleted one by one or all at once", async (t) => {
  const layout = `oci:${join(temporaryDirectory(t), "layout")}`;
  const { digest } = await write(image, `${layout}:v1`);
  assert.deepEqual(await listTags(layout), ["v1"]);
  assert.equal((await addTag(`${layout}:v1`, "v2")).digest, digest);
  await addTag(`${layout}@${digest}`, "v3");
  assert.deepEqual(await listTags(`${layout}:none`), ["v1", "v2", "v3"]);
  await deleteReference(`${layout}:v1`);
  assert.deepEqual(await listTags(layout), ["v2", "v3"]);
  await deleteReference(`${layout}@${digest}`);
  assert.deepEqual(await listTags(layout), []);
  await assert.rejects(deleteReference(`${layout}:v1`), { code: "NOT_FOUND" });
  await assert.rejects(addTag(`${layout}:v1`, "v2"), { code: "NOT_FOUND" });
});

test("in the store, a tag belongs to a name", async (t) => {
  const options = { home: temporaryDirectory(t) };
  await write(image, "store:app:v1", options);
  await addTag("app:v1", "v2", options); // a bare name is looked up there first
  const names = ["docker.io/library/app:v1", "docker.io/library/app:v2"];
  assert.deepEqual(await listTags("store:app", options), names);
  await deleteReference("store:app:v1", options);
  await assert.rejects(openReference("store:app:v1", options), { code: "NOT_FOUND" });
  await (await openReference("store:app:v2", options)).close();
});

test("the names in archives and engines cannot be changed", async () => {
  for (const reference of ["oci-archive:a.tar", "docker-archive:a.tar", "docker-daemon:app:v1"]) {
    await assert.rejects(addTag(reference, "v2"), { code: "UNSUPPORTED", kind: "usage" });
  }
});
