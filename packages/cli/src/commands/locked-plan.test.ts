import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type DebianArchive, startDebianArchive, startNpmRegistry } from "@cooper/test";
import { type BuildWorkshop, buildWorkshop } from "../test-support/busybox-plan.ts";

/** A workshop in which a plan stands on `apt:cask`, of which an archive of its own has version 1. */
async function caskShop(
  t: TestContext,
): Promise<
  (BuildWorkshop & { readonly archive: DebianArchive; readonly from: readonly string[] }) | undefined
> {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return undefined;
  const archive = await startDebianArchive(t);
  archive.publish("cask", "1", "of oak\n");
  shop.plan(["mkdir /out; cp /usr/share/cask /out/file"], { root: [shop.base, "apt:cask/+nobase"] });
  return { ...shop, archive, from: fromArchive(archive) };
}

function fromArchive({ source }: DebianArchive): readonly string[] {
  return ["--repository", source, "--allow-untrusted"];
}

/** Where nothing was ever built or fetched. */
function elsewhere({ directory }: BuildWorkshop, name: string): Record<string, string> {
  return { COOPER_HOME: join(directory, name), COOPER_CACHE_DIR: join(directory, `${name}-cache`) };
}

async function printed({ answer }: BuildWorkshop, image: string): Promise<string> {
  return await answer("cat", image, "/out/file");
}

test("a plan with locks gives the same image when there is a newer package, from another mirror, and offline", async (t) => {
  const shop = await caskShop(t);
  if (shop === undefined) return;
  const { answer, cooperWith, directory, archive, from } = shop;
  const locked = await answer("plan", "--plan", "plan.json", "--lock", ...from, "source");
  writeFileSync(join(directory, "locked.json"), locked);
  assert.doesNotMatch(locked, /127\.0\.0\.1/, "no host is in it");
  const replay = ["build", "--quiet", "--plan", "locked.json", "source"];
  const first = await answer(...replay, ...from, "-o", "oci:first");
  assert.equal(await printed(shop, "oci:first"), "of oak");

  archive.publish("cask", "2", "of chestnut\n");
  const plain = await shop.cooper("build", "--plan", "plan.json", "source", ...from, "-o", "oci:plain");
  assert.match(plain.stderr, /^plan\.json has no locks: its references are resolved anew/m);
  assert.notEqual(plain.stdout.trim(), first);
  assert.equal(await printed(shop, "oci:plain"), "of chestnut");
  assert.equal(await answer(...replay, ...from), first);

  const mirror = await startDebianArchive(t);
  mirror.publish("cask", "1", "of oak\n");
  const other = { env: elsewhere(shop, "other") };
  const replayed = await cooperWith(other, ...replay, ...fromArchive(mirror), "-o", "oci:elsewhere");
  assert.deepEqual([replayed.stdout, replayed.stderr], [`${first}\n`, ""]);
  assert.deepEqual(mirror.log, ["GET /debian/cask_1_all.deb"], "no index is asked");

  const asked = archive.log.length;
  const withCache = { env: { COOPER_HOME: join(directory, "third") } };
  const offline = await cooperWith(withCache, ...replay, ...from, "--offline");
  assert.deepEqual([offline.stdout, offline.stderr], [`${first}\n`, ""]);
  assert.equal(archive.log.length, asked, "nothing is asked");
  const without = await cooperWith({ env: elsewhere(shop, "fourth") }, ...replay, ...from, "--offline");
  assert.equal(without.status, 1);
  assert.match(without.stderr, /cask 1 is not in the cache.*\[OFFLINE\]/);
});

test("what a lock names and cannot be had, or is something else, ends the build, with what to do", async (t) => {
  const shop = await caskShop(t);
  if (shop === undefined) return;
  const { answer, cooperWith, directory, archive, from } = shop;
  const locked = await answer("plan", "--plan", "plan.json", "--lock", ...from, "source");
  const refused = async (text: string, home: string): Promise<string> => {
    writeFileSync(join(directory, "locked.json"), text);
    const replay = ["build", "--quiet", "--plan", "locked.json", "source", ...from];
    const { status, stdout, stderr } = await cooperWith({ env: elsewhere(shop, home) }, ...replay);
    assert.deepEqual([status, stdout], [1, ""]);
    return stderr;
  };
  const [, digest = ""] = /"checksum": "sha256:([0-9a-f]+)"/.exec(locked) ?? [];
  const wrong = await refused(locked.replace(digest, "0".repeat(64)), "digest");
  assert.match(
    wrong,
    /apt:cask\/\+nobase cannot be had as it is locked: .*cask_1_all\.deb.*LOCK_UNFULFILLED/,
  );
  assert.match(wrong, /lock it anew: cooper plan --lock/);
  const version = await refused(locked.replace('"version": "1"', '"version": "0"'), "version");
  assert.match(version, /cannot be had as it is locked: cask 0 says Version: 1 of itself.*LOCK_UNFULFILLED/);
  const host = await refused(locked.replace('"path": "', '"path": "http://elsewhere.example/'), "host");
  assert.match(host, /locked\.json: locks.*is an address, and a lock names no host.*\[PLAN_INVALID\]/);
  const missing = await refused(locked.replace('"apt:cask/+nobase": {', '"apt:keg/+nobase": {'), "missing");
  assert.match(missing, /the locks have nothing for apt:cask\/\+nobase, .*\[LOCK_OUTDATED\]/);
  archive.withdraw("cask", "1");
  assert.match(await refused(locked, "gone"), /cask_1_all\.deb does not exist \(404\) \[LOCK_UNFULFILLED\]/);
});

test("a package of npm and an image of a layout are locked too", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  const { cooperWith, directory, base } = shop;
  const registry = await startNpmRegistry(t, "keg");
  registry.publish("1.0.0", "of oak");
  shop.plan(["mkdir /out; /usr/local/bin/keg > /out/file"], { root: [base, "npm:keg/+global"] });
  const env = { npm_config_registry: registry.address };
  const answer = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await cooperWith({ env }, ...args);
    assert.equal(status, 0, stderr);
    return stdout.trimEnd();
  };
  const nowhere = await shop.cooper("build", "--plan", "plan.json", "source", "--write-plan", "none/a.json");
  assert.match(nowhere.stderr, /cannot write none\/a\.json/);
  assert.deepEqual(registry.log, [], "that is said first");
  const plain = ["build", "--quiet", "--no-cache", "--plan", "plan.json", "source"];
  const first = await answer(...plain, "--write-plan", "written.json", "-o", "oci:first");
  assert.equal(await printed(shop, "oci:first"), "of oak");
  const { locks } = JSON.parse(readFileSync(join(directory, "written.json"), "utf8"));
  assert.deepEqual(Object.keys(locks), ["npm:keg/+global", base]);
  assert.match(locks[base].digest, /^sha256:[0-9a-f]{64}$/);

  registry.publish("2.0.0", "of chestnut");
  writeFileSync(join(directory, "root/another"), "file\n");
  await answer("by-hand", "root", "--quiet", "-o", base);
  assert.notEqual(await answer(...plain, "-o", "oci:plain"), first);
  assert.equal(await printed(shop, "oci:plain"), "of chestnut");
  const asked = registry.log.length;
  const replay = ["build", "--quiet", "--plan", "written.json", "source", "--offline"];
  assert.equal(await answer(...replay), first);
  const other = { env: { ...env, COOPER_HOME: join(directory, "other") } };
  assert.equal((await cooperWith(other, ...replay)).stdout, `${first}\n`);
  assert.equal(registry.log.length, asked, "nothing is asked");
});

test("a lock file beside the source is obeyed, brought up to date in part, and compared; it is no part of the image", async (t) => {
  const shop = await caskShop(t);
  if (shop === undefined) return;
  const { answer, cooper, archive, from } = shop;
  archive.publish("hoop", "1", "of iron\n");
  shop.plan(["mkdir /out; cat /usr/share/* /in/file > /out/file"], {
    root: [shop.base, "apt:cask/hoop/+nobase"],
    copies: [{ from: "source", source: ".", target: "in" }],
  });
  const source = ["--plan", "plan.json", "source"];
  const lock = ["lock", "--quiet", ...source, ...from];
  const build = ["build", "--quiet", ...source, ...from];
  const first = await answer(...build);
  await answer(...lock, "-o", "source/cooper.lock");
  const locked = [...build, "--locked", "source/cooper.lock"];
  assert.equal(await answer(...locked), first);

  archive.publish("cask", "2", "of chestnut\n");
  archive.publish("hoop", "2", "of brass\n");
  assert.equal(await answer(...locked), first);
  assert.equal(
    await answer(...lock, "--diff", "source/cooper.lock"),
    "apt:cask/hoop/+nobase  cask from 1 to 2\napt:cask/hoop/+nobase  hoop from 1 to 2",
  );
  await answer(...lock, "-o", "source/cooper.lock", "--update", "hoop");
  await answer(...locked, "-o", "oci:updated");
  assert.equal(await printed(shop, "oci:updated"), "of oak\nof brass\nof the source");
  const unknown = await cooper(...lock, "-o", "source/cooper.lock", "--update", "keg");
  assert.deepEqual([unknown.status, /the lock has no package keg/.test(unknown.stderr)], [2, true]);
});
