import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { validate } from "@cooper/oci";
import { putSample, requireProgram, run, sampleImage, temporaryDirectory } from "@cooper/test";
import { copy } from "../copy/write.ts";
import { openReference } from "../resolver/resolver.ts";
import { openLayout } from "./directory.ts";
import { collectLayout } from "./gc.ts";

async function assertWhole(reference: string): Promise<void> {
  const { content, close } = await openReference(reference);
  assert.deepEqual(await validate(content, { depth: "full" }), []);
  await close();
}

test("umoci makes a layout, Cooper copies it and adds to it, and umoci goes on with it", async (t) => {
  const umoci = requireProgram(t, "umoci");
  if (umoci === undefined) return;
  const directory = temporaryDirectory(t);
  const root = join(directory, "layout");
  const file = join(directory, "file");
  writeFileSync(file, "hello");
  await run(umoci, ["init", "--layout", root]);
  await run(umoci, ["new", "--image", `${root}:first`]);
  await run(umoci, ["insert", "--rootless", "--image", `${root}:first`, file, "/greeting"]);
  await assertWhole(`oci:${root}:first`);
  await copy(`oci:${root}:first`, `oci:${join(directory, "copy")}:first`);
  await assertWhole(`oci:${join(directory, "copy")}:first`);

  const layout = await openLayout(root, { access: "write" });
  await putSample(layout, await sampleImage(), "ours");
  await layout.close();
  await run(umoci, ["tag", "--image", `${root}:ours`, "theirs"]);
  await run(umoci, ["insert", "--rootless", "--image", `${root}:theirs`, file, "/greeting"]);
  await run(umoci, ["gc", "--layout", root]);
  for (const tag of ["first", "ours", "theirs"]) await assertWhole(`oci:${root}:${tag}`);
  await collectLayout(root);
  const { stdout } = await run(umoci, ["list", "--layout", root]);
  assert.deepEqual(stdout.trim().split("\n").toSorted(), ["first", "ours", "theirs"]);
  await run(umoci, ["unpack", "--rootless", "--image", `${root}:theirs`, join(directory, "bundle")]);
  assert.equal(readFileSync(join(directory, "bundle", "rootfs", "greeting"), "utf8"), "hello");
});

test("buildah builds from our layout and pushes a layout and an archive that we read", async (t) => {
  const buildah = requireProgram(t, "buildah");
  if (buildah === undefined) return;
  const directory = temporaryDirectory(t);
  // Buildah makes a name of the path, and a name has no capitals.
  const link = join(tmpdir(), `cooper-${randomBytes(8).toString("hex")}`);
  symlinkSync(directory, link);
  t.after(() => rmSync(link));
  const at = (name: string): string => join(link, name);
  const layout = await openLayout(at("ours"), { access: "write" });
  await putSample(layout, await sampleImage(), "v1");
  await layout.close();
  writeFileSync(at("file"), "hello");
  const storage = ["--root", at("root"), "--runroot", at("runroot"), "--storage-driver", "vfs"];
  const { stdout } = await run(buildah, [...storage, "from", "--quiet", `oci:${at("ours")}:v1`]);
  const container = stdout.trim();
  await run(buildah, [...storage, "copy", "--quiet", container, at("file"), "/greeting"]);
  await run(buildah, [...storage, "commit", "--quiet", container, "built"]);
  for (const reference of [
    `oci:${at("theirs")}:v2`,
    `oci-archive:${at("theirs.tar")}:v2`,
    `docker-archive:${at("docker.tar")}:built:v2`,
  ]) {
    await run(buildah, [...storage, "push", "--quiet", "built", reference]);
    await assertWhole(reference);
    const copied = `oci:${at("collected")}:${reference.split(":")[0]}`;
    await copy(reference, copied);
    await assertWhole(copied);
  }
});
