import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parsePackages } from "./apt-package.ts";
import { IndexEncoder } from "./encode-index.ts";
import { IndexFile } from "./index-file.ts";

const SUM = "ab".repeat(32);
const INDEX = `Package: curl
Maintainer: Somebody
 and somebody else
Version: 8.1
Architecture: amd64
Pre-Depends: init-tools
Depends: libc6 (>= 2.34), libcurl4 (= 8.1) | libcurl5:any,
 zlib1g
Conflicts: wget (<< 1)
Description: fetches – anything
MD5sum: ${"0".repeat(32)}
SHA256: ${SUM}

Package: python3
Version: 3.11
Architecture: amd64
Multi-Arch: allowed
Provides: python (= 3.11)
SHA256: ${SUM}

# a comment

Package: curl
Version: 8.2
Architecture: amd64
SHA256: ${SUM}`;

test("what is loaded from a file is what was parsed", () => {
  const index = IndexFile.parse(INDEX);
  assert.equal(index.packages, 3);
  const numbers = [...index.packagesNamed(index.find("curl") ?? -1)];
  assert.deepEqual(
    numbers.map((number) => index.package(number).version),
    ["8.1", "8.2"],
  );
  const all = [0, 1, 2].map((number) => index.package(number));
  assert.deepEqual(all, parsePackages(INDEX));
  assert.equal(all[0]?.description, "fetches – anything");
  assert.equal(index.nameOfPackage(1), "python3");
});

test("names have the order in which apt comes across them", () => {
  const index = IndexFile.parse(INDEX);
  assert.deepEqual(
    Array.from({ length: index.names }, (_, number) => index.nameOf(number)),
    [
      "curl",
      "init-tools",
      "libc6",
      "libcurl4",
      "libcurl5:any",
      "zlib1g",
      "wget",
      "python3",
      "python:any",
      "python",
      "python3:any",
    ],
  );
  for (let number = 0; number < index.names; number++) assert.equal(index.find(index.nameOf(number)), number);
  assert.equal(index.find("nothing"), undefined);
});

test("a package that may be of any architecture is found under its name with :any", () => {
  const index = IndexFile.parse(INDEX);
  for (const name of ["python3:any", "python:any", "python"]) {
    assert.deepEqual([...index.providersOf(index.find(name) ?? -1)], [1], name);
  }
});

test("an index in which a line is no field, or a name is no name, is refused", () => {
  const isInvalid = { code: "INDEX_INVALID" };
  assert.throws(() => IndexFile.parse("Package: curl\nnonsense\n"), isInvalid);
  assert.throws(() => IndexFile.parse(" Package: curl\n"), isInvalid);
  assert.throws(() => IndexFile.parse("Package: ../../etc\nVersion: 1\n"), isInvalid);
  assert.throws(() => IndexFile.parse("Version: 1\n"), isInvalid);
});

test("a parsed index that was cut short or changed is refused, never read past its end", () => {
  const encoder = new IndexEncoder();
  encoder.add(Buffer.from(INDEX));
  const bytes = encoder.finish();
  const isInvalid = { code: "INDEX_INVALID" };
  for (let length = 0; length < bytes.length; length += 7) {
    assert.throws(() => new IndexFile(bytes.subarray(0, length)), isInvalid);
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(bytes);
      const place = bytes.length - 1 - at;
      damaged.writeUInt8(bytes.readUInt8(place) ^ change, place);
      assert.throws(() => new IndexFile(damaged), isInvalid);
    }),
  );
});

test("an index in pieces of any length is the same as in one", () => {
  const content = Buffer.from(INDEX.replace("\n\nPackage: python3", "\n\r\nPackage: python3"));
  const whole = IndexFile.parse(content);
  for (const length of [1, 2, 3, 7, 64, 1000]) {
    const encoder = new IndexEncoder();
    for (let at = 0; at < content.length; at += length) encoder.add(content.subarray(at, at + length));
    const index = new IndexFile(encoder.finish());
    assert.equal(index.packages, whole.packages);
    for (let number = 0; number < index.packages; number++) {
      assert.deepEqual(index.package(number), whole.package(number));
    }
  }
});

test("a comment within a list of names has no names in it", () => {
  const index = IndexFile.parse("Package: a\nDepends: b,\n# c, d\n e (>= 1)\n\n");
  const names = Array.from({ length: index.names }, (_, number) => index.nameOf(number));
  assert.deepEqual(names, ["a", "b", "e"]);
});
