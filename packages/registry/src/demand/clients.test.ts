import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { requireProgram, requireRoot, run, startDockerd, temporaryDirectory } from "@cooper/test";
import { directoryStorage } from "../storage/directory/directory.ts";
import { imageWith, indexWith, serveDemand, startUpstream } from "./demand.fixture.ts";
import type { Serving, UpstreamServer } from "./demand.fixture.ts";

interface Setting {
  readonly upstream: UpstreamServer;
  readonly serving: Serving;
  /** What every client must be able to pull. */
  readonly names: readonly string[];
}

async function setUp(t: TestContext, options: Parameters<typeof serveDemand>[1] = {}): Promise<Setting> {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", indexWith(["a", "b"]));
  await upstream.push("g.h-i/j_k:V1.0", imageWith(["c"]));
  const storage = directoryStorage({ path: temporaryDirectory(t) });
  const serving = await serveDemand(t, { storage, ...options });
  const { component } = upstream;
  const names = [
    "random/x:2x10k",
    `flatten/${component}/mine/app:v1`,
    `mirror/${component}/g.h-i/j_k:V1.0`,
    // Every escape there is, and what may stand at the beginning.
    "random/0__ax__ub__p__p__e1.0__t2-3__x7b:1x1k",
  ].map((name) => `${serving.host}/${name}`);
  return { upstream, serving, names };
}

const WRONG = "random/x:wrong";
const CAUSE = /random:x:wrong cannot be made: it is not SEED:NxSIZE/;

test("Docker pulls what is made, shows why something cannot be, and pushes an image back", async (t) => {
  const engine = await startDockerd(t);
  if (engine === undefined) return;
  const { serving, names } = await setUp(t);
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop
    const { stdout } = await engine.docker(["pull", "--quiet", name]);
    assert.equal(stdout.trim(), name);
  }
  const wrong = await engine.docker(["pull", `${serving.host}/${WRONG}`], { status: "any" });
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.stderr, CAUSE);
  const [made = ""] = names;
  const mine = `${serving.host}/mine/tools:1`;
  await engine.docker(["tag", made, mine]);
  await engine.docker(["push", "--quiet", mine]);
  await engine.docker(["rmi", mine, made]);
  await engine.docker(["pull", "--quiet", mine]);
  const refused = await engine.docker(["tag", mine, `${serving.host}/apt/curl:mine`]);
  assert.equal(refused.status, 0);
  const push = await engine.docker(["push", `${serving.host}/apt/curl:mine`], { status: "any" });
  assert.notEqual(push.status, 0);
  assert.match(push.stderr, /apt\/curl is made here when it is pulled/);
});

test("containerd pulls what is made, and takes this registry for a mirror of another", async (t) => {
  const ctr = requireProgram(t, "ctr", "containerd");
  const engine = ctr === undefined ? undefined : await startDockerd(t);
  if (ctr === undefined || engine === undefined) return;
  const { serving, upstream, names } = await setUp(t);
  const address = engine.host
    .replace("unix://", "")
    .replace("docker.sock", "exec/containerd/containerd.sock");
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop
    await run(ctr, ["-a", address, "images", "pull", "--plain-http", name]);
  }
  const hosts = temporaryDirectory(t);
  mkdirSync(join(hosts, upstream.host));
  writeFileSync(
    join(hosts, upstream.host, "hosts.toml"),
    `[host."${serving.url}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
  const before = upstream.log.length;
  await run(ctr, ["-a", address, "images", "pull", "--hosts-dir", hosts, `${upstream.host}/mine/app:v1`]);
  const repository = `mirror/${upstream.component}/mine/app`;
  assert.notEqual(await serving.storage.tag(repository, "v1"), undefined);
  assert.ok(upstream.log.length > before);
});

test("Docker takes this registry for a mirror of Docker Hub", async (t) => {
  const hub = await startUpstream(t);
  await hub.push("library/hello:v1", imageWith(["hello"]));
  const serving = await serveDemand(t, { root: { mirror: hub.host } });
  const engine = await startDockerd(t, { mirror: serving.url });
  if (engine === undefined) return;
  await engine.docker(["pull", "--quiet", "hello:v1"]);
  const digest = await serving.storage.tag(`mirror/${hub.component}/library/hello`, "v1");
  const { stdout } = await engine.docker(["images", "--digests", "--format", "{{.Digest}}", "hello"]);
  assert.equal(stdout.trim(), digest);
});

for (const program of ["podman", "skopeo"] as const) {
  test(`${program} pulls what is made, and shows why something cannot be`, async (t) => {
    const path = requireProgram(t, program);
    if (path === undefined || (program === "podman" && !requireRoot(t))) return;
    const { serving, names } = await setUp(t);
    const pull = puller(t, program);
    for (const name of names) {
      // oxlint-disable-next-line no-await-in-loop
      await run(path, pull(name));
    }
    const wrong = await run(path, pull(`${serving.host}/${WRONG}`), { status: "any" });
    assert.notEqual(wrong.status, 0);
    assert.match(wrong.stderr, CAUSE);
  });
}

function puller(t: TestContext, program: "podman" | "skopeo"): (name: string) => readonly string[] {
  const directory = temporaryDirectory(t);
  if (program === "podman") {
    const store = [
      "--root",
      join(directory, "root"),
      "--runroot",
      join(directory, "run"),
      "--storage-driver",
      "vfs",
    ];
    return (name) => [...store, "pull", "--quiet", "--tls-verify=false", name];
  }
  let count = 0;
  return (name) => {
    count += 1;
    return [
      "copy",
      "--all",
      "--src-tls-verify=false",
      `docker://${name}`,
      `oci:${join(directory, String(count))}:v1`,
    ];
  };
}
