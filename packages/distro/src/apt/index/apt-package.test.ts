import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePackages } from "./apt-package.ts";

const CURL = `Package: curl
Source: curl-src (7.88.1-9)
Version: 7.88.1-10
Installed-Size: 500
Architecture: amd64
Multi-Arch: foreign
Depends: libc6 (>= 2.34), libcurl4 (= 7.88.1-10) | libcurl5:any,
 zlib1g (>= 1:1.1.4)
Breaks: old (<< 2)
Provides: fetcher (= 1), web
Description: command line tool
 for transferring data
Homepage: https://curl.example/
Filename: ./pool/c.deb
Size: 315000
SHA256: ${"a1".repeat(32)}
`;

test("a paragraph becomes a package", () => {
  const [curl, ...others] = parsePackages(CURL);
  assert.equal(others.length, 0);
  assert.ok(curl !== undefined);
  assert.deepEqual(curl.depends, [
    [{ name: "libc6", architecture: undefined, relation: ">=", version: "2.34" }],
    [
      { name: "libcurl4", architecture: undefined, relation: "=", version: "7.88.1-10" },
      { name: "libcurl5", architecture: "any", relation: undefined, version: undefined },
    ],
    [{ name: "zlib1g", architecture: undefined, relation: ">=", version: "1:1.1.4" }],
  ]);
  assert.equal(curl.source, "curl-src");
  assert.equal(curl.sourceVersion, "7.88.1-9");
  assert.equal(curl.multiArch, "foreign");
  assert.equal(curl.installedSize, 512_000);
  assert.equal(curl.path, "pool/c.deb");
  assert.equal(curl.checksum, `sha256:${"a1".repeat(32)}`);
  assert.equal(curl.description, "command line tool");
  assert.deepEqual(
    curl.provides.map(({ name, version }) => [name, version]),
    [
      ["fetcher", "1"],
      ["web", undefined],
    ],
  );
});

test("what cannot be read is named with its package", () => {
  const isInvalid = { code: "INDEX_INVALID", message: /curl|line 1/ };
  assert.throws(() => parsePackages(CURL.replace("libc6 (>= 2.34)", "libc6 (~ 2)")), isInvalid);
  assert.throws(() => parsePackages(CURL.replace("Size: 315000", "Size: -1")), isInvalid);
  assert.throws(() => parsePackages(CURL.replace("Version: 7.88.1-10\n", "")), isInvalid);
  assert.throws(() => parsePackages(` ${CURL}`), isInvalid);
  assert.throws(() => parsePackages(CURL.replace("Package: curl", "Package: ../curl")), isInvalid);
});
