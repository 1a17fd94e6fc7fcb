import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { nixWorld, temporaryDirectory } from "@cooper/test";
import { type OpenContext, openContext } from "../../ecosystem/open-context.ts";
import { codeOf, serve } from "../bench.fixture.ts";
import { choosePackageSource } from "./choose.ts";
import { evaluateAttributes } from "./local-nix.ts";
import type { FoundPackage, PackageSource } from "./package-source.ts";

const HASH = "9vy9flqck80nakzd4scds013x06x668w";
const entry = (name: string): object => ({
  name,
  version: "1",
  outputs: { out: `/nix/store/${HASH}-${name}-1` },
});
const CATALOGUE = {
  version: 1,
  channel: "nixos-24.05",
  systems: {
    "x86_64-linux": {
      curl: {
        version: "8.7.1",
        outputs: { dev: `/nix/store/${HASH}-curl-8.7.1-dev`, bin: `/nix/store/${HASH}-curl-8.7.1-bin` },
        license: "curl",
        program: "curl",
      },
      "haskellPackages.Foo": entry("foo"),
      _1password: entry("op"),
      both: entry("both"),
      BOTH: entry("BOTH"),
      broken: { outputs: { out: "/elsewhere" } },
      constructed: entry("constructed"),
    },
  },
};

async function contextOf(
  t: TestContext,
  environment: Readonly<Record<string, string>>,
): Promise<OpenContext> {
  const cache = { directory: join(temporaryDirectory(t), "cache") };
  const context = await openContext({ environment: { PATH: process.env["PATH"], ...environment }, cache });
  t.after(async () => await context.close());
  return context;
}

async function source(
  t: TestContext,
  environment: Readonly<Record<string, string>>,
  release?: string,
  system = "x86_64-linux",
): Promise<PackageSource> {
  return await choosePackageSource(system, release, await contextOf(t, environment));
}

function written(t: TestContext, content: string | Uint8Array = JSON.stringify(CATALOGUE)): string {
  const path = join(temporaryDirectory(t), "nixos-24.05.json");
  writeFileSync(path, content);
  return path;
}

async function found(from: PackageSource, attribute: string): Promise<FoundPackage | undefined> {
  return (await from.find([attribute])).get(attribute);
}

test("a catalogue tells an attribute's outputs and what is meant without one", async (t) => {
  const from = await source(t, { COOPER_NIX_CATALOGUE: written(t) });
  const curl = await found(from, "curl");
  assert.deepEqual(curl?.install, ["bin"]);
  assert.equal(curl.outputs.get("dev")?.name, "curl-8.7.1-dev");
  assert.deepEqual([curl.version, curl.license, curl.program, curl.name], ["8.7.1", "curl", "curl", "curl"]);
  assert.equal(from.name, "catalogue nixos-24.05");
  assert.match(from.digest, /^sha256:/);
});

test("an attribute is found in any case, and with its underscore left out", async (t) => {
  const from = await source(t, { COOPER_NIX_CATALOGUE: written(t) });
  assert.equal((await found(from, "haskellpackages.foo"))?.attribute, "haskellPackages.Foo");
  assert.equal((await found(from, "1password"))?.attribute, "_1password");
  assert.equal((await found(from, "1Password"))?.attribute, "_1password");
  assert.equal((await found(from, "BOTH"))?.name, "BOTH");
  assert.match(await codeOf(from.find(["Both"])), /^UNSOLVABLE: Both may be both or BOTH$/);
  assert.equal(await found(from, "constructor"), undefined);
  assert.deepEqual(from.similar("curls"), ["curl"]);
});

test("a catalogue may be compressed, on the web, and of many channels", async (t) => {
  const directory = join(written(t, zstdCompressSync(JSON.stringify(CATALOGUE))), "..");
  const { address, asked } = await serve(t, directory);
  const environment = { COOPER_NIX_CATALOGUE: `${address}/{release}.json` };
  assert.ok((await found(await source(t, environment, "nixos-24.05"), "curl")) !== undefined);
  assert.ok(
    (await found(await source(t, { ...environment, COOPER_NIX_CHANNEL: "nixos-24.05" }), "curl")) !==
      undefined,
  );
  assert.deepEqual(asked, ["/nixos-24.05.json", "/nixos-24.05.json"]);
  assert.match(await codeOf(source(t, environment, "nixos-1.0")), /^NOT_FOUND/);
  assert.match(
    await codeOf(source(t, environment)),
    /^REQUEST_INVALID: COOPER_NIX_CATALOGUE has \{release\} in it/,
  );
});

test("a catalogue of another channel or system, or that is none, is refused", async (t) => {
  const environment = { COOPER_NIX_CATALOGUE: written(t) };
  assert.match(
    await codeOf(source(t, environment, "nixos-23.11")),
    /^NOT_FOUND: .* of nixos-24\.05, not of nixos-23\.11$/,
  );
  assert.match(await codeOf(source(t, environment, undefined, "aarch64-linux")), /^PLATFORM_UNSUPPORTED/);
  for (const text of ["", "{", "[]", '{"version":2,"systems":{}}', '{"version":1}', "\u00ff"]) {
    // oxlint-disable-next-line no-await-in-loop
    const code = await codeOf(source(t, { COOPER_NIX_CATALOGUE: written(t, Buffer.from(text, "latin1")) }));
    assert.match(code, /^INDEX_INVALID: .* is no catalogue/, text);
  }
  assert.match(
    await codeOf((await source(t, environment)).find(["broken"])),
    /^INDEX_INVALID: .* is no catalogue: broken/,
  );
  assert.match(await codeOf(source(t, {})), /^REPOSITORY_INVALID: nothing tells/);
});

test("Hydra tells the outputs of a job's latest build", async (t) => {
  const builds: Readonly<Record<string, object | string>> = {
    "/job/trunk/nixpkgs.curl.x86_64-linux/latest": {
      nixname: "curl-8.7.1",
      buildoutputs: {
        out: { path: `/nix/store/${HASH}-curl-8.7.1` },
        bin: { path: `/nix/store/${HASH}-curl-8.7.1-bin` },
      },
    },
    "/job/trunk/nixpkgs.evil.x86_64-linux/latest": {
      nixname: "evil",
      buildoutputs: { out: { path: "/etc" } },
    },
    "/job/trunk/nixpkgs._7zz.x86_64-linux/latest": {
      nixname: "7zz-24",
      buildoutputs: { out: { path: `/nix/store/${HASH}-7zz-24` } },
    },
  };
  const { address } = await serve(t, temporaryDirectory(t), (path) => {
    const build = builds[path];
    return build === undefined ? 404 : Buffer.from(JSON.stringify(build));
  });
  const from = await source(
    t,
    { COOPER_NIX_HYDRA: `${address}/job/{release}/nixpkgs.{attribute}.{system}/latest` },
    "trunk",
  );
  const curl = await found(from, "curl");
  assert.deepEqual([curl?.version, curl?.install, curl?.outputs.size], ["8.7.1", ["bin"], 2]);
  assert.equal((await found(from, "7zz"))?.attribute, "_7zz");
  assert.equal(await found(from, "nothing"), undefined);
  assert.match(await codeOf(from.find(["evil"])), /^INDEX_INVALID: .*\/etc is no store path/);
});

test("a local Nix evaluates an attribute and builds nothing", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const { nixpkgs, system, environment } = world;
  const attributes = [
    "hello",
    "Hello",
    "hello.dev",
    "haskellpackages.foo",
    "1password",
    "nothing",
    "xorg",
    "xorg.xev",
  ];
  const evaluated = await evaluateAttributes({
    nixpkgs,
    system,
    attributes,
    environment: { PATH: environment["PATH"], HOME: environment["HOME"] },
  });
  const [out, dev] = await world.build("hello", "hello.dev");
  assert.deepEqual(evaluated.get("hello"), {
    attribute: "hello",
    entry: {
      name: "hello",
      version: "2.12",
      outputs: { dev, out },
      install: ["out"],
      license: "GPL-3.0-or-later",
      description: "Greets",
      homepage: "urn:hello",
      program: "hello",
    },
  });
  assert.equal(evaluated.get("Hello")?.attribute, "hello");
  assert.deepEqual(evaluated.get("hello.dev")?.entry.install, ["dev"]);
  assert.equal(evaluated.get("haskellpackages.foo")?.attribute, "haskellPackages.foo");
  assert.equal(evaluated.get("1password")?.attribute, "_1password");
  assert.deepEqual(
    [...evaluated.keys()].toSorted(),
    attributes.filter((name) => name !== "nothing" && name !== "xorg").toSorted(),
  );
});

async function evaluating(nixpkgs: string, PATH = process.env["PATH"]): Promise<string> {
  const wanted = { nixpkgs, system: "x86_64-linux", attributes: ["a"], environment: { PATH } };
  return await codeOf(evaluateAttributes(wanted));
}

test("what is wrong with a nixpkgs or the host's Nix is said in its own words", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const path = join(temporaryDirectory(t), "broken.nix");
  writeFileSync(path, "{ system }: abort ''no more''");
  assert.match(await evaluating(path), /^EVALUATION_FAILED: .*no more/s);
  assert.match(await evaluating("relative"), /^REPOSITORY_INVALID/);
  assert.match(await evaluating(path, "/nowhere"), /^PROGRAM_MISSING/);
});
