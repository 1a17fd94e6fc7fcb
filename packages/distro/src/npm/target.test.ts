import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePlatform } from "@cooper/oci";
import { fits, targetOf } from "./target.ts";

test("a package is for the platforms that it lists, or for all but those", () => {
  const target = targetOf(parsePlatform("linux/amd64"));
  const fitting = [
    {},
    { os: [] },
    { os: ["linux"] },
    { os: ["!win32"] },
    { cpu: ["any"] },
    { os: ["darwin", "linux"] },
  ];
  const other = [
    { os: ["darwin"] },
    { cpu: ["arm64"] },
    { libc: ["musl"] },
    { os: ["!linux"] },
    { cpu: ["any", "!x64"] },
  ];
  for (const rules of fitting) assert.ok(fits(rules, target), JSON.stringify(rules));
  for (const rules of other) assert.ok(!fits(rules, target), JSON.stringify(rules));
  for (const platform of ["linux/riscv64", "windows/amd64"]) {
    assert.throws(() => targetOf(parsePlatform(platform)), {
      code: "PLATFORM_UNSUPPORTED",
      message: new RegExp(platform),
    });
  }
});
