import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { startDockerRegistry } from "@cooper/test";
import { launcher } from "../test-support/cooper.ts";
import { type BuildWorkshop, buildWorkshop } from "../test-support/busybox-plan.ts";

/** Builds, keeps the cache at `place`, and builds again under a fresh home with it: nothing may run again. */
async function roundTrip(shop: BuildWorkshop, place: string, ...flags: readonly string[]): Promise<void> {
  const { directory } = shop;
  shop.plan(
    ["/bin/busybox dd if=/dev/urandom of=/built bs=1k count=100", "mkdir /out; cp /built /src/file /out"],
    {
      copies: [{ from: "source", source: ".", target: "src" }],
    },
  );
  const build = ["build", "--plan", "plan.json", "source", "-t", "a", ...flags];
  const first = await shop.answer(...build, "--cache-to", place);
  const home = join(directory, "other-home");
  const again = await shop.cooperWith(
    { env: { COOPER_HOME: home } },
    ...build,
    "--cache-from",
    place,
    "--verbose",
  );
  assert.equal(again.status, 0, again.stderr);
  // The steps write random bytes: had one run again, the digest would be another.
  assert.equal(again.stdout.trim(), first);
  assert.match(again.stderr, /made: mkdir \/out; cp \/built \/src\/file \/out {2}as before/);
  assert.doesNotMatch(again.stderr, /\d s\n/);
  // What the image does not need was not even fetched.
  assert.equal(readdirSync(join(home, "build/blobs")).filter((name) => !name.endsWith(".json")).length, 1);
  const unknown = await shop.cooper(...build, "--cache-from", place.replace(/(:\w+)?$/, ":none"));
  assert.match(unknown.stderr, /:none has no build cache yet\n/);
}

test("a cache in an OCI layout spares another machine every step", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop !== undefined) await roundTrip(shop, "oci:cache:1");
});

test("a cache in Debian's docker-registry spares another machine every step", async (t) => {
  const shop = await buildWorkshop(t);
  const registry = shop === undefined ? undefined : await startDockerRegistry(t);
  if (shop === undefined || registry === undefined) return;
  await roundTrip(shop, `docker://${registry.host}/cache:1`);
});

test("a cache in Cooper's own registry spares another machine every step", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  const child = spawn(launcher, ["serve", "--listen", "127.0.0.1:0", "--data", "registry"], {
    cwd: shop.directory,
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => child.kill());
  const [line]: string[] = await once(createInterface(child.stderr), "line");
  const [, host] = /"Serving at http:\/\/(127\.0\.0\.1:\d+)"/.exec(line ?? "") ?? [];
  assert.ok(host, line);
  await roundTrip(shop, `docker://${host}/cache:1`);
});

test("what is no cache is an error that says so", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  shop.plan(["mkdir /out; echo 1 > /out/file"]);
  const build = ["build", "--plan", "plan.json", "source", "-t", "a"];
  const { status, stderr } = await shop.cooper(...build, "--cache-from", "oci:base:1");
  assert.equal(status, 1);
  assert.match(stderr, /this is no build cache: .* \[CACHE_INVALID\]/);
});
