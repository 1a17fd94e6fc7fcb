import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { isFault } from "@cooper/sys";
import { requireProgram, run, temporaryDirectory } from "@cooper/test";
import { byHand } from "./by-hand.ts";
import type { ByHandOptions } from "./by-hand.ts";
import type { ByHandStep } from "./step.ts";

const platform = { os: "linux", architecture: "amd64" };

const OPTIONS: ByHandOptions = {
  platform,
  command: ["/bin/tool", "it's", '$HOME `x` "y" \\ z'],
  environment: ["GREETING=hello world's $end"],
  labels: ["quote='"],
  ports: ["8080"],
  user: "1000",
  workingDirectory: "/srv",
  epoch: 1_700_000_000,
};

/** A tree with names that a shell, tar or JSON might stumble over. */
function makeTree(t: TestContext): string {
  const directory = join(temporaryDirectory(t), "it's a $tree");
  mkdirSync(join(directory, "bin"), { recursive: true });
  writeFileSync(join(directory, "bin/tool"), "#!/bin/sh\necho tool\n");
  chmodSync(join(directory, "bin/tool"), 0o755);
  linkSync(join(directory, "bin/tool"), join(directory, "bin/zz-hard-link"));
  symlinkSync("bin/tool", join(directory, "a link"));
  writeFileSync(join(directory, "large"), Buffer.alloc(3_000_000, "cooper "));
  for (const name of ["-dash", "*", "a'b", 'quo"te', "new\nline", "$HOME", "ünï", "~", "#x", "bin-2"]) {
    writeFileSync(join(directory, name), name);
  }
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/latin-`), Buffer.of(0xe9)]), "not UTF-8");
  return directory;
}

test("the script makes the same DiffID and the same config with tar, gzip, sha256sum, wc and cat", async (t) => {
  const directory = makeTree(t);
  const { image, script } = byHand(directory, OPTIONS);
  const work = temporaryDirectory(t);
  writeFileSync(join(work, "script.sh"), await script());
  const { stdout, stderr } = await run("sh", ["script.sh"], { cwd: work });

  assert.equal(stderr, "");
  const { config } = await image.manifest();
  const { rootfs } = await image.config();
  assert.match(stdout, new RegExp(`^diffID +${rootfs.diff_ids[0]}$`, "m"));
  assert.match(stdout, new RegExp(`^config +${config.digest}$`, "m"));
  for (const name of readdirSync(join(work, "image/blobs/sha256"))) {
    const bytes = readFileSync(join(work, "image/blobs/sha256", name));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), name);
  }
  const raw = readFileSync(join(work, "image/blobs", config.digest.replace(":", "/")));
  assert.deepEqual(raw, Buffer.from(await image.rawConfig()));
});

test("skopeo and umoci take the image that the script makes", async (t) => {
  const skopeo = requireProgram(t, "skopeo");
  const umoci = requireProgram(t, "umoci");
  if (skopeo === undefined || umoci === undefined) return;
  const directory = makeTree(t);
  const work = temporaryDirectory(t);
  writeFileSync(join(work, "script.sh"), await byHand(directory, { ...OPTIONS, tag: "v1" }).script());
  await run("sh", ["script.sh"], { cwd: work });
  const inspected = await run(skopeo, ["inspect", "--config", "oci:image:v1"], { cwd: work });
  assert.deepEqual(JSON.parse(inspected.stdout).config.Cmd, OPTIONS.command);
  await run(umoci, ["unpack", "--rootless", "--image", "image:v1", "bundle"], { cwd: work });
  assert.equal(readFileSync(join(work, "bundle/rootfs/new\nline"), "utf8"), "new\nline");
});

test("the script notices that the files are others than they were", async (t) => {
  const directory = makeTree(t);
  const work = temporaryDirectory(t);
  writeFileSync(join(work, "script.sh"), await byHand(directory, OPTIONS).script());
  writeFileSync(join(directory, "large"), "small now");
  const { stderr } = await run("sh", ["script.sh"], { cwd: work });
  assert.match(stderr, /the DiffID differs/);
});

test("an empty directory makes an image with an empty layer, by hand and by script", async (t) => {
  const directory = temporaryDirectory(t);
  const { image, script } = byHand(directory, { platform });
  const work = temporaryDirectory(t);
  writeFileSync(join(work, "script.sh"), await script());
  const { stdout } = await run("sh", ["script.sh"], { cwd: work });
  assert.match(stdout, new RegExp(`^config +${(await image.manifest()).config.digest}$`, "m"));
});

test("the same files and options give the same digest, whatever the owners, times and the directory's name", async (t) => {
  const [one, two] = [makeTree(t), makeTree(t)];
  const first = await byHand(one, OPTIONS).image.digest();
  assert.equal(await byHand(two, OPTIONS).image.digest(), first);
  writeFileSync(join(two, "large"), "other");
  assert.notEqual(await byHand(two, OPTIONS).image.digest(), first);
});

test("each step is told once, in order, with the values that the image has", async (t) => {
  const steps: ByHandStep[] = [];
  const { image, tellRest } = byHand(makeTree(t), { ...OPTIONS, onStep: (step) => steps.push(step) });
  const [layer] = await image.layers();
  assert.ok(layer !== undefined);
  for await (const _ of layer.open()) continue;
  await image.raw();
  await tellRest();
  assert.deepEqual(
    steps.map(({ name }) => name),
    "tar diff-id compression layer-digest layer-blob config config-digest manifest index layout".split(" "),
  );
  const byName = new Map(steps.map((step) => [step.name, step]));
  assert.equal(byName.get("diff-id")?.values["diffID"], await layer.diffId());
  assert.equal(byName.get("layer-digest")?.values["digest"], (await layer.descriptor()).digest);
  assert.equal(byName.get("manifest")?.values["digest"], await image.digest());
  assert.equal(byName.get("config")?.document, Buffer.from(await image.rawConfig()).toString());
  for (const { why, title, command } of steps) assert.ok(why !== "" && title !== "" && command !== "");
});

test("the tar command that is told writes the layer's very bytes, if all names are text", async (t) => {
  const directory = makeTree(t);
  await run("sh", ["-c", "rm latin-*"], { cwd: directory });
  const steps: ByHandStep[] = [];
  const { image } = byHand(directory, { platform, onStep: (step) => steps.push(step) });
  await image.raw();
  const command = steps.find(({ name }) => name === "tar")?.command ?? "";
  const { stdout } = await run("sh", ["-c", `${command}; sha256sum layer.tar`], {
    cwd: temporaryDirectory(t),
  });
  assert.equal(`sha256:${stdout.split(" ")[0]}`, (await image.config()).rootfs.diff_ids[0]);
});

test("what is not a directory is refused before anything is read", (t) => {
  for (const path of [join(temporaryDirectory(t), "missing"), import.meta.filename]) {
    assert.throws(
      () => byHand(path, { platform }),
      (error) => isFault(error, "DIRECTORY_MISSING") && error.kind === "usage",
    );
  }
});

test("docs/by-hand.md tells the steps in the words of the command", async (t) => {
  const steps: ByHandStep[] = [];
  await byHand(makeTree(t), { platform, onStep: (step) => steps.push(step) }).tellRest();
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/by-hand.md"), "utf8");
  const told = [...page.matchAll(/^\d+\. \*\*(.+?)\.?\*\*/gm)].map(([, title]) => title);
  assert.deepEqual(
    told,
    steps.map(({ title }) => title),
  );
});
