import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { requireProgram, requireRoot } from "@cooper/test";
import { makeFiles, type Workshop, workshop } from "../test-support/cooper.ts";

/** An application that its own file describes, on a base that was made here. */
async function describedApplication(t: TestContext): Promise<Workshop | undefined> {
  const busybox = requireProgram(t, "busybox", "busybox-static");
  if (busybox === undefined || requireProgram(t, "runc") === undefined || !requireRoot(t)) return undefined;
  const shop = workshop(t);
  mkdirSync(join(shop.directory, "root/bin"), { recursive: true });
  cpSync(busybox, join(shop.directory, "root/bin/busybox"));
  cpSync(busybox, join(shop.directory, "root/bin/sh"));
  const base = `oci:${join(shop.directory, "base")}:1`;
  await shop.answer("by-hand", "root", "--quiet", "-o", base);
  makeFiles(shop.directory, "app", {
    "casks.txt": "three\n",
    "notes.md": "not for the image",
    "cooper.toml": `exclude = ["*.md"]
[variables]
WHO = "cooper"
[steps.count]
root = ["${base}"]
copies = [{ from = "source", source = ".", target = "app" }]
commands = ["busybox ls > list.txt; echo $WHO >> list.txt"]
[deploy]
root = ["${base}"]
copies = ["...", { from = "count", source = "/app/list.txt", target = "app/list.txt" }]
command = ["/bin/busybox", "cat", "casks.txt", "list.txt"]
init = "none"
`,
  });
  return shop;
}

test("a plan that was printed is built again into the same image, without the file that said so", async (t) => {
  const shop = await describedApplication(t);
  if (shop === undefined) return;
  const digest = await shop.answer("build", "app", "--quiet", "-t", "casks");
  assert.equal(await shop.answer("run", "--quiet", "casks"), "three\ncasks.txt\nlist.txt\ncooper");

  writeFileSync(join(shop.directory, "plan.json"), await shop.answer("plan", "app"));
  writeFileSync(join(shop.directory, "app/cooper.toml"), 'providers = ["none of these"]');
  assert.equal(await shop.answer("build", "--plan", "plan.json", "app", "--quiet", "-t", "again"), digest);
});

test("a build puts its SBOM beside the image on request", async (t) => {
  const shop = await describedApplication(t);
  if (shop === undefined) return;
  const plan: unknown = JSON.parse(await shop.answer("plan", "app"));
  makeFiles(shop.directory, "app", {
    "lib/requests-2.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: requests\nVersion: 2.0\n",
  });
  const layout = `oci:${join(shop.directory, "out")}:1`;
  writeFileSync(join(shop.directory, "plan.json"), JSON.stringify(plan));
  await shop.answer("build", "--plan", "plan.json", "app", "--quiet", "--sbom", "spdx", "-o", layout);
  const [referrer] = JSON.parse(await shop.answer("referrers", "--json", layout)).referrers;
  assert.equal(referrer.artifactType, "application/spdx+json");
  const sbom = await shop.answer("sbom", layout);
  assert.match(sbom, /pkg:pypi\/requests@2\.0/);

  const archive = await shop.cooper("build", "app", "--sbom", "spdx", "-o", "docker-archive:out.tar");
  assert.equal(archive.status, 2);
  assert.match(archive.stderr, /nothing can be attached in docker-archive:out\.tar/);
});

test("flags and the environment count more than the project's file, and its faults are named by place", async (t) => {
  const shop = workshop(t);
  makeFiles(shop.directory, "app", { "main.py": "", "cooper.toml": 'start = "python3 file.py"\n' });
  const start = async (env: NodeJS.ProcessEnv, ...flags: readonly string[]): Promise<unknown> => {
    const { stdout, stderr } = await shop.cooperWith({ env }, "plan", "app", ...flags);
    assert.equal(stderr, "");
    return JSON.parse(stdout).deploy.command[1];
  };
  assert.equal(await start({}), "file.py");
  const env = { COOPER_BUILD_START: "python3 environment.py" };
  assert.equal(await start(env), "environment.py");
  assert.equal(await start(env, "--start", "python3 flag.py"), "flag.py");

  makeFiles(shop.directory, "app", { "cooper.toml": '\n  begin = "python3 file.py"\n' });
  const wrong = await shop.cooper("plan", "app");
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /cooper\.toml:2:3: there is no key "begin"/);
});

test("an application in the one directory that there is, is found, and that is said", async (t) => {
  const shop = workshop(t);
  makeFiles(shop.directory, "app", { "inner/main.py": "" });
  const { stdout, stderr } = await shop.cooper("plan", "app");
  assert.equal(JSON.parse(stdout).subdirectory, "inner");
  assert.match(stderr, /this is about app\/inner/);
  const detected = await shop.cooper("detect", "--json", "app");
  assert.deepEqual(JSON.parse(detected.stdout), {
    matches: [{ provider: "python", reason: "main.py", part: "starts" }],
    subdirectory: "inner",
  });
});
