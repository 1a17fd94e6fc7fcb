import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { solvedPackage } from "../../ecosystem/solved.fixture.ts";
import { apkData } from "../alpine.fixture.ts";
import { testContext } from "../apk.fixture.ts";
import { fetchPackage } from "./fetch.ts";
import { packageMembers } from "./members.ts";

test("packages of Alpine and Wolfi are read, every byte checked", async (t) => {
  const directory = apkData(t, "packages");
  if (directory === undefined) return;
  const context = await testContext(t);
  const rows: readonly (readonly [string, string, string, number, readonly string[]])[] = [
    [
      "alpine-baselayout",
      "3.2.0-r23",
      "Q1LLq2qDNrS/qRnhxQ3hsY/sHbQnc=",
      83,
      ["pre-install", "pre-upgrade", "post-upgrade", "post-install"],
    ],
    ["hello-wolfi", "2.12.1-r0", "Q1j9huCmxqWKDR+abKskcY8e/aZMo=", 144, []],
  ];
  for (const [name, version, checksum, count, scripts] of rows) {
    const file = join(directory, `${name}-${version}.apk`);
    const solved = { ...solvedPackage(name), version, checksum, size: statSync(file).size };
    // The second time it comes from the cache, with what was found out the first time.
    for (const _ of [1, 2]) {
      const found = await fetchPackage(solved, file, context);
      assert.equal(found.files.length, count);
      assert.deepEqual(
        found.control.scripts.map(({ kind }) => kind),
        scripts,
      );
      const paths: string[] = [];
      for await (const { path } of packageMembers(found, {})) paths.push(path);
      assert.deepEqual(
        paths,
        found.files.map(({ path }) => path),
      );
      const tmp = found.files.find(({ path }) => path === "tmp");
      if (name === "alpine-baselayout") assert.equal(tmp?.mode, 0o1777);
    }
  }
});
