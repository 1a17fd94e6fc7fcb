import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { requireProgram, startDockerd, temporaryDirectory } from "@cooper/test";
import { hostPlatform } from "@cooper/transport";
import { visitorOf } from "../conformance/visitor.test.ts";
import { directoryStorage } from "../storage/directory/directory.ts";
import { serveDemand } from "./demand.fixture.ts";
import type { Serving } from "./demand.fixture.ts";

/**
 * A registry that makes images of this machine's own Debian, kept between runs; a loud skip where the
 * machine has none, or its mirror does not answer.
 */
async function serveDebian(t: TestContext): Promise<Serving | undefined> {
  if (requireProgram(t, "apt-get", "apt") === undefined) return undefined;
  const serving = await serveDemand(t, {
    storage: directoryStorage({ path: temporaryDirectory(t) }),
    platforms: [hostPlatform()],
    packages: { cache: { directory: join(tmpdir(), "cooper-debian-cache") } },
  });
  const answer = await visitorOf(t, serving.url).ask("HEAD", "/v2/apt/jq/manifests/latest");
  if (answer.status === 200) return serving;
  const [build] = serving.demand.builds.all();
  t.skip(`SKIPPED: apt/jq cannot be made of this machine's Debian: ${build?.status().error}`);
  return undefined;
}

test("Docker pulls Debian packages, runs them, and pushes the image back under a name of its own", async (t) => {
  const serving = await serveDebian(t);
  const engine = serving === undefined ? undefined : await startDockerd(t);
  if (serving === undefined || engine === undefined) return;
  const [made, mine] = [`${serving.host}/apt/jq`, `${serving.host}/mine/tools:1`];
  await engine.docker(["pull", "--quiet", made]);
  const program = ["jq", "-n", "-c", '{made: "on pull"}'];
  const ran = await engine.docker(["run", "--rm", "--network", "none", made, ...program]);
  assert.equal(ran.stdout.trim(), '{"made":"on pull"}');
  await engine.docker(["tag", made, mine]);
  await engine.docker(["push", "--quiet", mine]);
  await engine.docker(["rmi", made, mine]);
  await engine.docker(["pull", "--quiet", mine]);
  const again = await engine.docker(["run", "--rm", "--network", "none", mine, ...program]);
  assert.equal(again.stdout.trim(), '{"made":"on pull"}');
});

test("packages and versions that there are not are told with those that there are", async (t) => {
  const serving = await serveDebian(t);
  if (serving === undefined) return;
  const visitor = visitorOf(t, serving.url);
  for (const [name, message] of [
    ["apt/jqq", /there is no package jqq; there is .*jq/],
    ["apt/jq__e99", /there is no jq=99; there is jq 1/],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", `/v2/${name}/manifests/latest`);
    assert.equal(answer.status, 404, name);
    assert.match(answer.body.toString(), message);
  }
});
