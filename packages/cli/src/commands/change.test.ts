import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { parseConfig } from "@cooper/oci";
import type { ImageConfig } from "@cooper/oci";
import { makeFiles, workshop } from "../test-support/cooper.ts";
import type { Workshop } from "../test-support/cooper.ts";

/** A layout `image` with two images, `amd64` and `arm64`, and an index `all` of both. */
async function withIndex(t: TestContext): Promise<Workshop> {
  const shop = workshop(t);
  makeFiles(shop.directory, "files", { "etc/motd": "hello\n", "etc/old": "old\n" });
  const make = ["by-hand", "files", "--quiet", "--cmd", '["/bin/tool"]', "--env", "A=1", "--label", "l=1"];
  for (const architecture of ["amd64", "arm64"]) {
    await shop.answer(...make, "--platform", `linux/${architecture}`, "-o", `oci:image:${architecture}`);
  }
  await shop.answer("index", "create", "oci:image:amd64", "oci:image:arm64", "-o", "oci:image:all");
  return shop;
}

async function configOf(
  shop: Workshop,
  reference: string,
  ...flags: readonly string[]
): Promise<ImageConfig> {
  return parseConfig(Buffer.from(await shop.answer("inspect", "--config", ...flags, reference)));
}

test("append puts a layer on every image of an index, and what it prints is the digest that is there", async (t) => {
  const shop = await withIndex(t);
  makeFiles(shop.directory, "more", { "etc/more": "more\n", "etc/.wh.old": "" });
  const digest = await shop.answer("append", "oci:image:all", "more", "-o", "oci:image:more", "-t", "more");
  assert.equal(await shop.answer("digest", "oci:image:more"), digest);
  assert.equal(await shop.answer("digest", "more"), digest);
  for (const platform of ["linux/amd64", "linux/arm64"]) {
    assert.equal(await shop.answer("ls", "--platform", platform, "more", "/etc"), "more\nmotd");
  }
  await shop.answer("validate", "more");
});

test("append makes an image of a tar on nothing", async (t) => {
  const shop = await withIndex(t);
  await shop.answer("export", "--platform", "linux/amd64", "oci:image:all", "root.tar");
  await shop.answer("append", "scratch", "root.tar", "--platform", "linux/riscv64", "-o", "oci:new");
  assert.equal((await configOf(shop, "oci:new")).architecture, "riscv64");
  assert.equal(await shop.answer("cat", "oci:new", "etc/motd"), "hello");
});

test("mutate changes what is named and leaves the rest, on every image of an index", async (t) => {
  const shop = await withIndex(t);
  const meta = "--label m=2 --unset-label l --annotation key=a=b --time 86400";
  const start = "--env B=2 --user 1000:1000 --workdir /srv --expose 53/udp";
  const flags = `${meta} ${start}`.split(" ");
  await shop.answer("mutate", "oci:image:all", "-o", "oci:image:changed", ...flags);
  for (const platform of ["linux/amd64", "linux/arm64"]) {
    const { created, config: run } = await configOf(shop, "oci:image:changed", "--platform", platform);
    assert.equal(created, "1970-01-02T00:00:00Z");
    assert.deepEqual(run?.Env?.slice(1), ["A=1", "B=2"]);
    assert.deepEqual(run?.Labels, { m: "2" });
    assert.deepEqual(run?.Cmd, ["/bin/tool"]);
    assert.deepEqual(
      [run?.User, run?.WorkingDir, run?.ExposedPorts],
      ["1000:1000", "/srv", { "53/udp": {} }],
    );
    const raw = await shop.answer("inspect", "--raw", "--platform", platform, "oci:image:changed");
    assert.deepEqual(JSON.parse(raw).annotations, { key: "a=b" });
  }
  await shop.answer("validate", "oci:image:changed");
});

test("mutate with --platform changes only that image; an entrypoint drops the command", async (t) => {
  const shop = await withIndex(t);
  await shop.answer(
    "mutate",
    "oci:image:all",
    "-o",
    "oci:image:one",
    "--platform",
    "linux/arm64",
    "--entrypoint",
    "run",
  );
  const [amd64, arm64] = await Promise.all(
    ["linux/amd64", "linux/arm64"].map(
      async (platform) => await configOf(shop, "oci:image:one", "--platform", platform),
    ),
  );
  assert.deepEqual([amd64?.config?.Entrypoint, amd64?.config?.Cmd], [undefined, ["/bin/tool"]]);
  assert.deepEqual([arm64?.config?.Entrypoint, arm64?.config?.Cmd], [["/bin/sh", "-c", "run"], undefined]);
  const before = JSON.parse(await shop.answer("index", "list", "--json", "oci:image:all"));
  const after = JSON.parse(await shop.answer("index", "list", "--json", "oci:image:one"));
  assert.deepEqual(after.manifests[0], before.manifests[0]);
});

test("mutate converts media types and compression, there and back to the same files", async (t) => {
  const shop = await withIndex(t);
  await shop.answer("mutate", "oci:image:amd64", "--compress", "zstd:5", "-o", "oci:image:zstd");
  assert.match(await shop.answer("inspect", "--raw", "oci:image:zstd"), /tar\+zstd/);
  await shop.answer(
    "mutate",
    "oci:image:zstd",
    "--compress",
    "gzip",
    "--format",
    "docker",
    "-o",
    "oci:image:docker",
  );
  assert.match(
    await shop.answer("inspect", "--raw", "oci:image:docker"),
    /vnd\.docker\.image\.rootfs\.diff\.tar\.gzip/,
  );
  const raw = await configOf(shop, "oci:image:docker");
  assert.deepEqual(raw.rootfs, (await configOf(shop, "oci:image:amd64")).rootfs);
});

test("rebase puts an image on another base, and refuses a base that it is not built on", async (t) => {
  const shop = await withIndex(t);
  makeFiles(shop.directory, "base2", { "etc/motd": "new base\n" });
  makeFiles(shop.directory, "app", { "app/tool": "tool\n" });
  await shop.answer("by-hand", "base2", "--quiet", "--platform", "linux/amd64", "-o", "oci:image:base2");
  await shop.answer("append", "oci:image:amd64", "app", "-o", "oci:image:app");
  const bases = ["--old-base", "oci:image:amd64", "--new-base", "oci:image:base2"];
  await shop.answer("rebase", ...bases, "oci:image:app", "-o", "oci:image:rebased");
  assert.equal(await shop.answer("cat", "oci:image:rebased", "etc/motd"), "new base");
  assert.equal(await shop.answer("cat", "oci:image:rebased", "app/tool"), "tool");
  const refused = await shop.cooper("rebase", ...bases, "oci:image:rebased", "-o", "oci:image:again");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /\[NOT_THE_BASE\]/);
  assert.equal((await shop.cooper("digest", "oci:image:again")).status, 1, "nothing is visible there");
});

test("flatten makes one layer of all, or of a range, and the files stay", async (t) => {
  const shop = await withIndex(t);
  for (const [name, files] of [
    ["one", { a: "1" }],
    ["two", { ".wh.a": "", b: "2" }],
  ] as const) {
    makeFiles(shop.directory, name, files);
  }
  await shop.answer("append", "oci:image:amd64", "one", "two", "-o", "oci:image:three");
  await shop.answer("flatten", "oci:image:three", "-o", "oci:image:flat");
  await shop.answer("flatten", "--layers", "1-2", "oci:image:three", "-o", "oci:image:squashed");
  const layers = async (tag: string): Promise<number> =>
    JSON.parse(await shop.answer("inspect", "--json", `oci:image:${tag}`)).layers.length;
  assert.deepEqual([await layers("three"), await layers("flat"), await layers("squashed")], [3, 1, 2]);
  const files = await shop.answer("ls", "-R", "oci:image:three");
  assert.equal(await shop.answer("ls", "-R", "oci:image:flat"), files);
  assert.equal(await shop.answer("ls", "-R", "oci:image:squashed"), files);
  const wrong = await shop.cooper("flatten", "--layers", "1-9", "oci:image:three", "-o", "oci:image:x");
  assert.equal(wrong.status, 2, wrong.stderr);
});

test("an index gets further images and keeps some of its platforms", async (t) => {
  const shop = await withIndex(t);
  await shop.answer("by-hand", "files", "--quiet", "--platform", "linux/s390x", "-o", "oci:image:s390x");
  await shop.answer("index", "append", "oci:image:all", "oci:image:s390x", "-o", "oci:image:all");
  const platforms = async (): Promise<readonly string[]> =>
    JSON.parse(await shop.answer("index", "list", "--json", "oci:image:all")).manifests.map(
      ({ platform }: { platform: { architecture: string } }) => platform.architecture,
    );
  assert.deepEqual(await platforms(), ["amd64", "arm64", "s390x"]);
  await shop.answer(
    "index",
    "filter",
    "--platform",
    "linux/s390x,linux/amd64",
    "oci:image:all",
    "-o",
    "oci:image:all",
  );
  assert.deepEqual(await platforms(), ["amd64", "s390x"]);
  const wrong = await shop.cooper(
    "index",
    "append",
    "oci:image:amd64",
    "oci:image:arm64",
    "-o",
    "oci:image:x",
  );
  assert.equal(wrong.status, 2, wrong.stderr);
});
