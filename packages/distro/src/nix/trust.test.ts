import assert from "node:assert/strict";
import { createHash, createPrivateKey, sign } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { BOMB_BYTES, makeBomb, type NixWorld, nixWorld, temporaryDirectory } from "@cooper/test";
import type { OpenContext } from "../ecosystem/open-context.ts";
import { bench, codeOf, serve } from "./bench.fixture.ts";
import { parseNarinfo } from "./cache/narinfo.ts";
import { fingerprint } from "./cache/signature.ts";
import { archive, directoryNode, fileNode } from "./nar/nar.fixture.ts";
import { nix } from "./nix.ts";
import { formatNixHash } from "./store/hash.ts";

const HERE = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
const ALWAYS = ["cacert", "iana-etc"];

type Change = (path: string, body: Buffer | undefined) => Buffer | number | undefined;

/** Solves and assembles hello from a cache that is changed on its way; gives the code, and what is left in Cooper's cache. */
async function attempt(
  t: TestContext,
  world: NixWorld,
  cache: string,
  change: Change,
  options: Parameters<typeof bench>[2] = {},
): Promise<{
  readonly outcome: string;
  readonly context: OpenContext;
  readonly warnings: readonly string[];
}> {
  const { address } = await serve(t, cache, change);
  const { context, warnings } = await bench(t, world, { repositories: [address], ...options });
  const work = async (): Promise<void> => {
    const solution = await nix.solve(nix.parse("hello"), HERE, context);
    await nix.assemble(solution, context);
  };
  return { outcome: await codeOf(work()), context, warnings: warnings() };
}

/** Changes the narinfo of hello only. */
function inNarinfo(from: RegExp | string, to: string): Change {
  return (path, body) => {
    const text = path.endsWith(".narinfo") ? body?.toString() : undefined;
    return text?.includes("-hello-2.12\nURL") === true ? Buffer.from(text.replace(from, to)) : body;
  };
}

/** Changes every archive. */
function inNars(change: (body: Buffer) => Buffer | number): Change {
  return (path, body) => (path.startsWith("/nar/") && body !== undefined ? change(body) : body);
}

function flip(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const middle = Math.floor(changed.length / 2);
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  return changed;
}

/** Answers 404 for the narinfo of greeting. */
const withoutGreeting: Change = (_, body) => (body?.includes("-greeting-1.0\nURL") === true ? 404 : body);
const withoutArchives: Change = (path, body) => (path.startsWith("/nar/") ? 404 : body);

function withInfo(text: string): Change {
  return (path, body) => (path === "/nix-cache-info" ? Buffer.from(text) : body);
}

/** Nothing of a refused archive may be found again under a digest that it was to have. */
function assertNoBlobOf(context: OpenContext, hex: string): void {
  assert.equal(existsSync(join(context.cache.directory, "blobs/sha256", hex)), false);
  assert.deepEqual(readdirSync(join(context.cache.directory, "aside")), []);
}

test("a cache that is not tampered with is taken", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  assert.equal((await attempt(t, world, cache, (_, body) => body)).outcome, "done");
});

test("a key that is not trusted, or another under the same name, is refused", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  const keyring = join(temporaryDirectory(t), "keys");
  mkdirSync(keyring);
  const given = async (text: string): Promise<string> => {
    writeFileSync(join(keyring, "key.pub"), text);
    return (await attempt(t, world, cache, (_, body) => body, { keyrings: [keyring] })).outcome;
  };
  const other = Buffer.alloc(32, 7).toString("base64");
  assert.match(await given(`other-1:${other}`), /^KEY_UNKNOWN: .* is signed by test-1, which is not trusted/);
  assert.match(await given(`test-1:${other}`), /^SIGNATURE_INVALID/);
  assert.match(await given(""), /^KEY_UNKNOWN/);
  assert.match(await given("test-1:AAAA"), /^KEY_INVALID/);
  assert.equal(await given(`${world.publicKey}\n`), "done");
});

test("a narinfo that anybody changed is refused, whatever was changed in it", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  const trying = async (from: RegExp, to: string): Promise<string> =>
    (await attempt(t, world, cache, inNarinfo(from, to))).outcome;
  assert.match(await trying(/^NarSize: \d+/mu, "NarSize: 1"), /^SIGNATURE_INVALID/);
  assert.match(
    await trying(/^NarHash: .*/mu, `NarHash: ${formatNixHash("00".repeat(32))}`),
    /^SIGNATURE_INVALID/,
  );
  assert.match(await trying(/^References: .*/mu, "References: "), /^SIGNATURE_INVALID/);
  assert.match(await trying(/^Sig: .*/mu, ""), /^INDEX_UNSIGNED/);
  assert.match(await trying(/^NarSize.*\n/mu, ""), /^INDEX_INVALID/);
  assert.match(await trying(/^URL: .*/mu, "URL: ../../etc/passwd"), /^INDEX_INVALID/);
  assert.match(await trying(/^URL: .*/mu, "URL: http://elsewhere/nar"), /^INDEX_INVALID/);
  assert.match(await trying(/^Compression: .*/mu, "Compression: br"), /^PACKAGE_INVALID/);
  const other = inNarinfo(/^[^]*$/u, "StorePath: /nix/store/other");
  assert.match((await attempt(t, world, cache, other)).outcome, /^INDEX_INVALID/);
});

test("another path's narinfo, rightly signed, is not taken for the one that was asked for", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", "xorg.xev", ...ALWAYS);
  const [xev = ""] = await world.build("xorg.xev");
  const signed = readFileSync(join(cache, `${xev.slice("/nix/store/".length).slice(0, 32)}.narinfo`));
  const swap: Change = (_, body) => (body?.includes("-hello-2.12\nURL") === true ? signed : body);
  assert.match(
    (await attempt(t, world, cache, swap)).outcome,
    /^INDEX_INVALID: the narinfo of hello-2\.12 is that of xev-1\.2\.4/,
  );
});

test("an archive that was changed, cut or replaced is refused in every compression, and nothing of it stays", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  for (const compression of ["none", "zstd", "xz"] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const cache = await world.cache({ compression }, "hello", ...ALWAYS);
    const changes: readonly ((body: Buffer) => Buffer)[] = [
      flip,
      (body) => body.subarray(0, body.length - 9),
      (body) => Buffer.concat([body, Buffer.alloc(8)]),
      () => Buffer.from("something else"),
      () => Buffer.alloc(0),
    ];
    for (const [at, change] of changes.entries()) {
      // oxlint-disable-next-line no-await-in-loop
      const { outcome, context } = await attempt(t, world, cache, inNars(change));
      assert.match(
        outcome,
        /^(?:DIGEST_MISMATCH|SIZE_MISMATCH|PACKAGE_INVALID|FILE_TOO_LARGE)/,
        `${compression} ${at}`,
      );
      assert.deepEqual(readdirSync(join(context.cache.directory, "aside")), []);
    }
  }
});

test("a cache without FileHash cannot slip another archive in, nor a bomb", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({ compression: "gzip" }, "hello", ...ALWAYS);
  const zeros = gzipSync(Buffer.alloc(64 * 2 ** 20));
  const bare: Change = (path, body) => {
    if (path.startsWith("/nar/")) return zeros;
    return path.endsWith(".narinfo") && body !== undefined
      ? Buffer.from(body.toString().replace(/^File(?:Hash|Size):.*\n/gmu, ""))
      : body;
  };
  const { outcome, context } = await attempt(t, world, cache, bare);
  assert.match(outcome, /^SIZE_MISMATCH/);
  assert.deepEqual(readdirSync(join(context.cache.directory, "aside")), []);
});

test("a path that a cache lacks is named, with what needs it", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  assert.match(
    (await attempt(t, world, cache, withoutGreeting)).outcome,
    /^NOT_FOUND: no cache has \/nix\/store\/\w{32}-greeting-1\.0, which hello-2\.12 needs$/,
  );
  assert.match((await attempt(t, world, cache, withoutArchives)).outcome, /^NOT_FOUND/);
});

test("an archive that is rightly signed and leaves its directory is refused all the same", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({ compression: "none" }, "hello", ...ALWAYS);
  const evil = archive(directoryNode(["..", fileNode("out")]));
  const hex = createHash("sha256").update(evil).digest("hex");
  resign(world, cache, "-greeting-1.0", evil);
  const { outcome, context } = await attempt(t, world, cache, (_, body) => body);
  assert.match(outcome, /^PACKAGE_INVALID: the archive of greeting-1\.0, byte \d+: "\.\." is no name/);
  assert.equal(await context.cache.record("nix-archive", `sha256:${hex}`), undefined);
});

test("a signed size that lies stops what is longer", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({ compression: "gzip" }, "hello", ...ALWAYS);
  const large = archive(fileNode(Buffer.alloc(2 ** 20)));
  const hex = createHash("sha256").update(large).digest("hex");
  resign(world, cache, "-greeting-1.0", gzipSync(large), { hex, size: 1024 });
  const { outcome, context } = await attempt(t, world, cache, (_, body) => body);
  assert.match(outcome, /^SIZE_MISMATCH/);
  assertNoBlobOf(context, hex);
});

test("10 GiB of zeros are refused early and in little memory, whether the narinfo says that it has them or not", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({ compression: "gzip" }, "hello", ...ALWAYS);
  const bomb = makeBomb("gzip", Buffer.alloc(1024));
  const hex = createHash("sha256").update("any").digest("hex");
  const before = process.resourceUsage().maxRSS;
  const rows = [
    [2 ** 20, /^SIZE_MISMATCH: .* but there are more than that$/],
    [BOMB_BYTES, /^PACKAGE_INVALID: the archive of greeting-1\.0 is damaged: \d+ compressed bytes give/],
  ] as const;
  for (const [size, said] of rows) {
    resign(world, cache, "-greeting-1.0", bomb, { hex, size });
    // oxlint-disable-next-line no-await-in-loop
    const { outcome, context } = await attempt(t, world, cache, (_, body) => body);
    assert.match(outcome, said);
    assertNoBlobOf(context, hex);
  }
  assert.ok(process.resourceUsage().maxRSS - before < 256 * 1024, "KiB of memory besides what there was");
});

test("two paths that need each other are refused", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({ compression: "none" }, "hello", ...ALWAYS);
  const [hello = ""] = await world.build("hello");
  resign(world, cache, "-greeting-1.0", archive(fileNode("x")), {
    references: hello.slice("/nix/store/".length),
  });
  const { outcome } = await attempt(t, world, cache, (_, body) => body);
  assert.match(outcome, /^INDEX_INVALID: hello-2\.12 and greeting-1\.0 need each other/);
});

test("a cache of another store, and a page that is no cache at all, are refused", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  assert.match(
    (await attempt(t, world, cache, withInfo("StoreDir: /gnu/store\n"))).outcome,
    /^REPOSITORY_INVALID/,
  );
  assert.match((await attempt(t, world, cache, withInfo("<html>"))).outcome, /^REPOSITORY_INVALID/);
});

test("signatures may be let pass, with a warning; hashes may not", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({ signed: "unsigned" }, "hello", ...ALWAYS);
  const unchecked = { signatures: "unchecked" } as const;
  const taken = await attempt(t, world, cache, (_, body) => body, unchecked);
  assert.equal(taken.outcome, "done");
  assert.match(taken.warnings.join("\n"), /signatures are not checked/);
  const flipped = await attempt(
    t,
    world,
    cache,
    inNars((body) => body.fill(0, 40, 41)),
    unchecked,
  );
  assert.match(flipped.outcome, /^(?:DIGEST_MISMATCH|PACKAGE_INVALID)/);
});

test("a lock holds to the build that was locked, when the cache has another now", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({ compression: "none" }, "hello", ...ALWAYS);
  const { context } = await bench(t, world, { repositories: [cache] });
  const solution = await nix.solve(nix.parse("hello"), HERE, context);
  resign(world, cache, "-greeting-1.0", archive(fileNode("rebuilt")));
  for (const one of solution.packages) if (one.name === "greeting") rmSync(join(cache, one.path));
  assert.match(
    await codeOf(nix.assemble(solution, context)),
    /^DIGEST_MISMATCH: .*-greeting-1\.0 was built anew/,
  );
});

interface Resigned {
  readonly hex?: string;
  readonly size?: number;
  readonly references?: string;
}

/** Puts another archive in the place of a path's, with a narinfo that the world's own key signs. */
function resign(world: NixWorld, cache: string, name: string, file: Buffer, resigned: Resigned = {}): void {
  const place = readdirSync(cache).find(
    (entry) =>
      entry.endsWith(".narinfo") && readFileSync(join(cache, entry), "utf8").includes(`${name}\nURL`),
  );
  assert.ok(place !== undefined);
  const hex = createHash("sha256").update(file).digest("hex");
  const url = `nar/${hex}.nar`;
  writeFileSync(join(cache, url), file);
  const text = readFileSync(join(cache, place), "utf8")
    .replace(/^URL: .*/mu, `URL: ${url}`)
    .replace(/^FileHash: .*/mu, `FileHash: ${formatNixHash(hex)}`)
    .replace(/^FileSize: .*/mu, `FileSize: ${file.length}`)
    .replace(/^NarHash: .*/mu, `NarHash: ${formatNixHash(resigned.hex ?? hex)}`)
    .replace(/^NarSize: .*/mu, `NarSize: ${resigned.size ?? file.length}`)
    .replace(/^References: .*/mu, `References: ${resigned.references ?? ""}`)
    .replace(/^Sig: .*\n/mu, "");
  const [, secret = ""] = readFileSync(join(world.directory, "secret"), "utf8").split(":");
  const seed = Buffer.from(secret, "base64").subarray(0, 32);
  // PKCS #8 around an Ed25519 seed (RFC 8410, section 7).
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const signature = sign(null, Buffer.from(fingerprint(parseNarinfo(text, name))), key);
  writeFileSync(join(cache, place), `${text}Sig: test-1:${signature.toString("base64")}\n`);
}
