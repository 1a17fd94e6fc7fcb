import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isFault } from "@cooper/sys";
import { apkDirectory, makeApk, temporaryDirectory } from "@cooper/test";
import { solvedPackage } from "../../ecosystem/solved.fixture.ts";
import { testContext } from "../apk.fixture.ts";
import { fetchPackage } from "./fetch.ts";
import { readControl } from "./control.ts";
import { readParts } from "./parts.ts";

/** A generator of numbers that gives the same ones in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
}

const MADE = makeApk({
  name: "a",
  scripts: { trigger: "true\n" },
  files: [apkDirectory("etc"), { path: "etc/a", content: "content ".repeat(500) }],
});

test("whatever byte of a package is damaged, it is refused by name", async (t) => {
  const context = await testContext(t);
  const directory = temporaryDirectory(t);
  const next = numbers(7);
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(MADE.bytes);
    for (let hits = 0; hits < 1 + round / 100; hits++)
      bytes[Math.floor(next() * bytes.length)] = next() * 256;
    if (bytes.equals(MADE.bytes)) continue;
    const file = join(directory, `${round}.apk`);
    writeFileSync(file, bytes);
    const solved = { ...solvedPackage("a"), version: "1.0-r0", checksum: MADE.checksum, size: bytes.length };
    const error: unknown = await fetchPackage(solved, file, context).then(
      () => undefined,
      (fault: unknown) => fault,
    );
    assert.ok(isFault(error, "PACKAGE_INVALID", "DIGEST_MISMATCH"), `round ${round}: ${String(error)}`);
  }
});

test("control parts that nobody signed are read or refused, whatever is in them", async (t) => {
  const directory = temporaryDirectory(t);
  const next = numbers(11);
  const file = join(directory, "a.apk");
  writeFileSync(file, MADE.bytes);
  const { control, size } = await readParts(file, "a-1.0-r0");
  assert.equal(size, statSync(file).size);
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(control);
    for (let hits = 0; hits < 5; hits++) bytes[Math.floor(next() * bytes.length)] = next() * 256;
    const error: unknown = await readControl(bytes, "a-1.0-r0").then(
      () => undefined,
      (fault: unknown) => fault,
    );
    assert.ok(error === undefined || isFault(error, "PACKAGE_INVALID"), `round ${round}: ${String(error)}`);
  }
});

test("a package of apk-tools 3 is named as such", async (t) => {
  const file = join(temporaryDirectory(t), "a.apk");
  writeFileSync(file, Buffer.concat([Buffer.from("ADBd"), Buffer.alloc(100)]));
  await assert.rejects(readParts(file, "a-1.0-r0"), { code: "PACKAGE_INVALID", message: /apk-tools 3/ });
});
