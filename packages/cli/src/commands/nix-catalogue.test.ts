import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nixWorld, requireProgram } from "@cooper/test";
import { workshop } from "../test-support/cooper.ts";

test("a catalogue of a nixpkgs is all that nix: references need, beside a cache", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const { directory, cooperWith } = workshop(t);
  const cooper = async (...args: readonly string[]): Promise<string> => {
    const env = {
      COOPER_CACHE_DIR: join(directory, "cache"),
      COOPER_NIX_CATALOGUE: join(directory, "catalogue.json"),
    };
    const { status, stdout, stderr } = await cooperWith({ env }, ...args);
    assert.equal(status, 0, stderr);
    return stdout.trimEnd();
  };
  const made = await cooper(
    "nix",
    "catalogue",
    "--nixpkgs",
    world.nixpkgs,
    "--channel",
    "test",
    "Hello",
    "xorg.xev",
  );
  const catalogue = JSON.parse(made);
  assert.deepEqual(Object.keys(catalogue.systems[world.system]), ["cacert", "hello", "iana-etc", "xorg.xev"]);
  await cooper(
    "nix",
    "catalogue",
    "--nixpkgs",
    world.nixpkgs,
    "--channel",
    "test",
    "hello",
    "xorg.xev",
    "-o",
    "catalogue.json",
  );
  assert.equal(readFileSync(join(directory, "catalogue.json"), "utf8").trimEnd(), made);

  const cache = await world.cache({}, "hello", "xorg.xev", "cacert", "iana-etc");
  writeFileSync(join(directory, "key"), world.publicKey);
  const from = ["--repository", cache, "--keyring", "key"];
  const digest = await cooper("copy", "nix:hello:test", "oci:out:hello", ...from);
  await cooper("validate", "oci:out:hello");
  await cooper("lock", "nix:hello:test", "-o", "hello.lock", ...from);
  assert.equal(readFileSync(join(directory, "hello.lock"), "utf8").includes(cache), false);
  assert.equal(
    await cooper("copy", "nix:hello:test", "oci:again", "--locked", "hello.lock", "--offline"),
    digest,
  );
  if (requireProgram(t, "runc") === undefined) return;
  assert.equal(await cooper("run", "oci:out:hello"), "hello from the store");
});

test("a catalogue needs to know of which nixpkgs, and what is not in it is an error", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const { cooperWith } = workshop(t);
  const unnamed = await cooperWith({ env: { COOPER_NIX_NIXPKGS: "" } }, "nix", "catalogue", "hello");
  assert.equal(unnamed.status, 2);
  assert.match(unnamed.stderr, /no nixpkgs is named/);
  const missing = await cooperWith(
    { env: { COOPER_NIX_NIXPKGS: world.nixpkgs } },
    "nix",
    "catalogue",
    "hello",
    "nothing",
  );
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /has no nothing for/);
});
