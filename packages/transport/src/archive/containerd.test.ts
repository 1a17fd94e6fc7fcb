import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { validate } from "@cooper/oci";
import {
  putSample,
  requireProgram,
  sampleImage,
  startContainerd,
  startDockerRegistry,
  temporaryDirectory,
} from "@cooper/test";
import { copy } from "../copy/write.ts";
import { openLayout } from "../layout/directory.ts";
import { openReference } from "../resolver/resolver.ts";

test("containerd reads the archives we write and pulls what we push, runs it, and we read what it exports", async (t) => {
  const busybox = requireProgram(t, "busybox", "busybox-static");
  const containerd = busybox === undefined ? undefined : await startContainerd(t);
  const registry = containerd === undefined ? undefined : await startDockerRegistry(t);
  if (busybox === undefined || containerd === undefined || registry === undefined) return;
  const { ctr } = containerd;
  const directory = temporaryDirectory(t);
  const layout = await openLayout(join(directory, "from"), { access: "write" });

  for (const compression of ["gzip", "zstd", "none"] as const) {
    const sample = await sampleImage({ program: busybox, compression, seed: compression });
    const { digest } = sample.root;
    await putSample(layout, sample, compression);
    const source = `oci:${directory}/from:${compression}`;
    const name = `example.org/${compression}:v1`;

    const archive = join(directory, `${compression}.tar`);
    await copy(source, `oci-archive:${archive}:v1`);
    await ctr("image", "import", "--base-name", `example.org/${compression}`, archive);
    assert.match((await ctr("image", "ls", `name==${name}`)).stdout, new RegExp(digest));
    await assertRuns(name, `${compression}-archive`);

    const pulled = `${registry.host}/${compression}:v1`;
    await copy(source, `docker://${pulled}`);
    await ctr("image", "pull", "--plain-http", pulled);
    assert.match((await ctr("image", "ls", `name==${pulled}`)).stdout, new RegExp(digest));
    await assertRuns(pulled, `${compression}-pulled`);

    const forDocker = join(directory, `${compression}-docker.tar`);
    const loaded = `example.org/docker-${compression}:v1`;
    await copy(source, `docker-archive:${forDocker}:${loaded}`);
    await ctr("image", "import", forDocker);
    await assertRuns(loaded, `${compression}-docker`);

    const exported = join(directory, `${compression}-exported.tar`);
    await ctr("image", "export", exported, name);
    for (const reference of [`oci-archive:${exported}`, `docker-archive:${exported}`]) {
      const { content, close } = await openReference(reference);
      assert.deepEqual(await validate(content, { depth: "full" }), [], reference);
      if (reference.startsWith("oci")) assert.equal(await content.digest(), digest);
      await close();
    }
  }
  await layout.close();

  async function assertRuns(image: string, id: string): Promise<void> {
    const ran = await ctr("run", "--rm", image, id, "/busybox", "echo", "it runs");
    assert.equal(ran.stdout, "it runs\n", image);
  }
});
