import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, requireProgram, run, temporaryDirectory } from "@cooper/test";

const root = join(import.meta.dirname, "..");

/** What npm says where its registry cannot be reached. */
const UNREACHABLE = /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|FETCH_ERROR)\b/;

test("the packed command works where npm install puts it, also where the system has Node 20", async (t) => {
  const npm = requireProgram(t, "npm");
  const xz = requireProgram(t, "xz", "xz-utils");
  if (npm === undefined || xz === undefined) return;
  const directory = temporaryDirectory(t);
  await run(npm, ["pack", "--workspace", "packages/cli", "--pack-destination", directory], { cwd: root });
  const tarball = readdirSync(directory).find((name) => name.endsWith(".tgz"));
  assert.ok(tarball !== undefined);

  const home = join(directory, "home");
  mkdirSync(home);
  const install = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  const installed = await run(npm, [...install, join(directory, tarball)], { cwd: home, status: "any" });
  if (UNREACHABLE.test(installed.stderr)) {
    t.skip("SKIPPED: npm cannot reach its registry, so the packed command cannot be installed");
    return;
  }
  assert.equal(installed.status, 0, installed.stderr);

  // As a user has it: no Node 24 in PATH, the command found through npm's link.
  const cooper = join(home, "node_modules/.bin/cooper");
  const cache = join(home, "cache");
  const env = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    NODE_OPTIONS: "",
    COOPER_CACHE_DIR: cache,
  };
  const version = await run(cooper, ["--version"], { cwd: home, env });
  assert.match(version.stdout, /^cooper \d+\.\d+\.\d+\n$/);

  // V8 takes what came with the package: else the first help would keep what it compiled.
  await run(cooper, ["--help"], { cwd: home, env });
  assert.deepEqual(readdirSync(join(cache, "compiled"), { recursive: true }), ["help"]);

  const files = join(home, "files");
  mkdirSync(files);
  writeFileSync(join(files, "hello.txt"), "hello\n");
  const made = await run(cooper, ["by-hand", files, "-o", "oci:image:v1", "--quiet"], { cwd: home, env });
  assert.match(made.stdout, /^sha256:[0-9a-f]{64}\n$/);
  const inspected = await run(cooper, ["inspect", "oci:image:v1", "--json"], { cwd: home, env });
  assert.equal(JSON.parse(inspected.stdout).digest, made.stdout.trim());
  const content = await run(cooper, ["cat", "oci:image:v1", "/hello.txt"], { cwd: home, env });
  assert.equal(content.stdout, "hello\n");

  // What is loaded only when it is needed: xz (WebAssembly), system calls (koffi), undici, CycloneDX.
  await run("tar", ["-cJf", "layer.tar.xz", "-C", "files", "hello.txt"], { cwd: home });
  await run(cooper, ["append", "scratch", "layer.tar.xz", "-o", "oci:image:xz"], { cwd: home, env });
  await run(cooper, ["validate", "oci:image:xz"], { cwd: home, env });
  const sbom = await run(cooper, ["sbom", "oci:image:v1", "--format", "cyclonedx"], { cwd: home, env });
  assert.equal(JSON.parse(sbom.stdout).bomFormat, "CycloneDX");
  const nowhere = `docker://127.0.0.1:${await freePort()}/app`;
  const unreachable = await run(cooper, ["digest", nowhere], { cwd: home, env, status: "any" });
  assert.equal(unreachable.status, 75, unreachable.stderr);
});
