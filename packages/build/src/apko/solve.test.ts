import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openContext, type OpenContext } from "@cooper/distro";
import { parsePlatform } from "@cooper/oci";
import { makeApkIndex, makeApkSigner, temporaryDirectory } from "@cooper/test";
import { solveTogether } from "./solve.ts";

const PLATFORMS = ["linux/amd64", "linux/arm64"].map(parsePlatform);

/** A signed repository with these `name-version` for each architecture. */
async function contextOf(
  t: TestContext,
  packages: Readonly<Record<string, readonly string[]>>,
): Promise<OpenContext> {
  const root = temporaryDirectory(t);
  const signer = makeApkSigner("key.rsa.pub");
  writeFileSync(join(root, signer.name), signer.publicKey);
  for (const [arch, names] of Object.entries(packages)) {
    const records = names.map((text) => {
      const [name = "", version = "", needs = ""] = text.split(" ");
      const checksum = createHash("sha1").update(`${arch} ${text}`).digest("base64");
      return `C:Q1${checksum}\nP:${name}\nV:${version}\nA:${arch}\nD:${needs}\n\n`;
    });
    mkdirSync(join(root, arch));
    writeFileSync(join(root, arch, "APKINDEX.tar.gz"), makeApkIndex(records.join(""), signer, 0));
  }
  const context = await openContext({
    environment: {},
    hostRoot: root,
    repositories: [root],
    keyrings: [join(root, "key.rsa.pub")],
    cache: { directory: temporaryDirectory(t) },
  });
  t.after(async () => await context.close());
  return context;
}

test("where one architecture is ahead, all have the version that all have", async (t) => {
  const context = await contextOf(t, {
    x86_64: ["a 1.0-r0 b", "a 1.1-r0 b", "b 2.0-r0", "b 2.1-r0"],
    aarch64: ["a 1.0-r0 b", "b 2.0-r0"],
  });
  const solutions = await solveTogether(["a"], PLATFORMS, context);
  assert.deepEqual(
    solutions.map(({ packages }) => packages.map(({ name, version }) => `${name}-${version}`)),
    [
      ["b-2.0-r0", "a-1.0-r0"],
      ["b-2.0-r0", "a-1.0-r0"],
    ],
  );
});

test("what is asked for must agree, and what it needs may differ", async (t) => {
  const needs = { x86_64: ["a 1.0-r0 b", "b 2.1-r0"], aarch64: ["a 1.0-r0 b", "b 2.0-r0"] };
  const context = await contextOf(t, needs);
  assert.equal((await solveTogether(["a"], PLATFORMS, context)).length, 2);
  await assert.rejects(solveTogether(["a", "b>1"], PLATFORMS, context), {
    code: "ARCHITECTURES_DISAGREE",
    message: /version of b in common: 2\.1-r0, 2\.0-r0/,
  });
});
