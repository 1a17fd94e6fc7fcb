import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { requireProgram, run } from "@cooper/test";
import { assert as check, property, uint8Array } from "fast-check";
import { formatNixHash, parseNixHash } from "./hash.ts";
import { decodeNix32, encodeNix32 } from "./nix32.ts";
import { packageNames, parseStoreBase, parseStorePath, splitName, type StorePath } from "./store-path.ts";

const HASH = "9vy9flqck80nakzd4scds013x06x668w";

function path(name: string): StorePath {
  return { hash: HASH, name, base: `${HASH}-${name}` };
}

test("base 32 is what Nix makes of a hash, and reads back", async (t) => {
  const nix = requireProgram(t, "nix-hash", "nix-bin");
  if (nix === undefined) return;
  for (const text of ["", "a", "nix"]) {
    const hex = createHash("sha256").update(text).digest("hex");
    // oxlint-disable-next-line no-await-in-loop
    const { stdout } = await run(nix, ["--type", "sha256", "--to-base32", hex]);
    assert.equal(formatNixHash(hex), `sha256:${stdout.trim()}`);
    assert.equal(parseNixHash(`sha256:${stdout.trim()}`), `sha256:${hex}`);
  }
});

test("any bytes come back from base 32", () => {
  check(
    property(uint8Array({ maxLength: 70 }), (bytes) => {
      assert.deepEqual(decodeNix32(encodeNix32(bytes)), Buffer.from(bytes));
    }),
  );
});

test("base 32 of another length, with other letters, or with bits too many is none", () => {
  assert.equal(decodeNix32("1"), undefined);
  assert.equal(decodeNix32("e".repeat(52)), undefined);
  assert.equal(decodeNix32("z".repeat(52)), undefined); // 260 bits, and a SHA-256 has 256
  assert.equal(decodeNix32("1".repeat(51)), undefined);
});

test("a hash is read in each of the ways that Nix writes it", () => {
  const hex = createHash("sha256").update("x").digest("hex");
  const base64 = Buffer.from(hex, "hex").toString("base64");
  const digest = `sha256:${hex}`;
  assert.equal(parseNixHash(`sha256:${hex}`), digest);
  assert.equal(parseNixHash(`sha256:${base64}`), digest);
  assert.equal(parseNixHash(`sha256-${base64}`), digest);
  for (const bad of ["", hex, `sha512:${hex}`, `sha1:${hex.slice(0, 40)}`, `sha256:${hex}0`, "sha256:"]) {
    assert.equal(parseNixHash(bad), undefined, bad);
  }
});

test("a store path is one of the store itself, and cannot leave it", () => {
  assert.equal(parseStorePath(`/nix/store/${HASH}-curl-8.7.1-bin`)?.name, "curl-8.7.1-bin");
  assert.equal(parseStoreBase(`${HASH}-a+b-1.0_x?=.`)?.base, `${HASH}-a+b-1.0_x?=.`);
  for (const bad of [
    `/nix/store/${HASH}`,
    `/nix/store/${HASH}-`,
    `/nix/store/${HASH}-a/b`,
    `/nix/store/../${HASH}-a`,
    `/nix/store/${HASH.replace("9", "e")}-a`,
    `/nix/store/${HASH}-..`,
    `/nix/store/${HASH}-.`,
    `/nix/store/${HASH}-a b`,
    `/nix/store/${HASH}-${"a".repeat(212)}`,
    `/gnu/store/${HASH}-a`,
  ]) {
    assert.equal(parseStorePath(bad), undefined, bad);
  }
});

test("a name is split where Nix splits it", async (t) => {
  const nix = requireProgram(t, "nix-instantiate", "nix-bin");
  if (nix === undefined) return;
  const names = [
    "curl-8.7.1",
    "nix-0.12pre12876",
    "a",
    "a-b-c",
    "x-1-2",
    "gcc-wrapper-13.2.0",
    "a-",
    "-1",
    "a-b-1rc",
  ];
  const expression = `map builtins.parseDrvName (builtins.fromJSON ''${JSON.stringify(names)}'')`;
  const { stdout } = await run(nix, ["--eval", "--strict", "--json", "-E", expression], {
    env: { NIX_REMOTE: "dummy://" },
  });
  assert.deepEqual(names.map(splitName), JSON.parse(stdout));
});

test("a package's output is part of its name, not of its version", () => {
  const expected = { name: "curl-bin", version: "8.7.1", origin: "curl", originVersion: "8.7.1" };
  assert.deepEqual(packageNames(path("curl-8.7.1-bin"), "curl-8.7.1"), expected);
  assert.equal(packageNames(path("curl-8.7.1-bin"), undefined).version, "8.7.1-bin");
  assert.equal(packageNames(path("curl-8.7.1-bin"), "other-1").origin, "curl");
  assert.equal(packageNames(path("curl-8.7.1"), "curl-8.7.1").name, "curl");
});
