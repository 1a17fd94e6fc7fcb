import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  checkableAlgorithm,
  digestAlgorithm,
  digestBytes,
  digestHex,
  isDigest,
  parseDiffId,
  parseDigest,
} from "./index.ts";

const component = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const algorithm = fc
  .tuple(component, fc.array(fc.tuple(fc.constantFrom("+", ".", "_", "-"), component), { maxLength: 2 }))
  .map(([first, rest]) => first + rest.flat().join(""));

test("what the grammar of the specification makes is a digest, and comes apart into its two parts", () => {
  fc.assert(
    fc.property(algorithm, fc.stringMatching(/^[a-zA-Z0-9=_-]{1,80}$/), (name, encoded) => {
      fc.pre(name !== "sha256" && name !== "sha512");
      const digest = parseDigest(`${name}:${encoded}`);
      assert.equal(`${digestAlgorithm(digest)}:${digestHex(digest)}`, digest);
    }),
  );
});

test("the digest of bytes is what the hash function gives, and parses", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom("sha256" as const, "sha512" as const), (bytes, name) => {
      const digest = digestBytes(bytes, name);
      assert.equal(digest, `${name}:${createHash(name).update(bytes).digest("hex")}`);
      assert.equal(parseDigest(digest), digest);
      assert.equal(checkableAlgorithm(digest), name);
    }),
  );
});

const hex = "0123456789abcdef".repeat(4);
for (const [why, text] of [
  ["has no colon", hex],
  ["has no algorithm", `:${hex}`],
  ["is empty", ""],
  ["has a capital in its algorithm", `SHA256:${hex}`],
  ["has too few digits", `sha256:${hex.slice(1)}`],
  ["has too many digits", `sha256:${hex}0`],
  ["has capital digits", `sha256:${hex.toUpperCase()}`],
  ["has sha256's length for sha512", `sha512:${hex}`],
  ["has two separators in a row", `sha256++b64:${hex}`],
  ["ends with a newline", `sha256:${hex}\n`],
  ["climbs a directory", "sha256:../../etc/passwd"],
] as const) {
  test(`text that ${why} is no digest`, () => {
    assert.equal(isDigest(text), false);
    assert.throws(() => parseDigest(text), { code: "INVALID_DIGEST" });
    assert.throws(() => parseDiffId(text), { code: "INVALID_DIGEST" });
  });
}

test("a digest of an unknown function parses, but cannot be checked", () => {
  const digest = parseDigest(`blake3:${hex}`);
  assert.throws(() => checkableAlgorithm(digest), { code: "UNSUPPORTED_ALGORITHM" });
});
