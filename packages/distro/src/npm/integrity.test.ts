import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { digestOfIntegrity, integrityOf, tarballPath } from "./integrity.ts";

const SHA512 = createHash("sha512").update("cow").digest();

test("of several hashes only SHA-512 counts, and one that is cut short is none", () => {
  const base64 = SHA512.toString("base64");
  const expected = `sha512:${SHA512.toString("hex")}`;
  assert.equal(digestOfIntegrity(`sha1-AAAA sha512-${base64}?option`, "cow"), expected);
  assert.equal(digestOfIntegrity(integrityOf(expected), "cow"), expected);
  for (const weak of [
    undefined,
    "",
    "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
    `sha512-${base64.slice(4)}`,
    base64,
  ]) {
    assert.throws(() => digestOfIntegrity(weak, "cow"), { code: "PACKAGE_INVALID", message: /cow/ }, weak);
  }
});

test("a tarball's path below its registry is found whichever host the registry names", () => {
  const registry = "https://registry.test/api/npm/";
  const found = (resolved: string, name: string): string => tarballPath(resolved, name, registry);
  assert.equal(found("https://registry.test/api/npm/cow/-/cow-1.0.0.tgz", "cow"), "cow/-/cow-1.0.0.tgz");
  assert.equal(found("https://upstream.test/cow/-/cow-1.0.0.tgz", "cow"), "cow/-/cow-1.0.0.tgz");
  assert.equal(found("https://a.test/@own%2fcow/-/cow-1.tgz", "@own/cow"), "@own/cow/-/cow-1.tgz");
  assert.equal(found("https://a.test/@own/cow/-/@own/cow-1.tgz", "@own/cow"), "@own/cow/-/@own/cow-1.tgz");
  assert.equal(found("https://registry.test/api/npm/download/cow/1/abc", "cow"), "download/cow/1/abc");
  for (const resolved of [
    undefined,
    "",
    "https://upstream.test/download/cow/1/abc",
    "https://upstream.test/cow/-/cow%3f.tgz/../..%2fx y",
    "git+ssh://git@a.test/cow.git#abc",
    "file:///etc/passwd",
  ]) {
    assert.throws(() => tarballPath(resolved, "cow", registry), { code: "REPOSITORY_INVALID" }, resolved);
  }
});
