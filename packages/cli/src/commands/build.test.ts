import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { requireProgram, run, startPeer } from "@cooper/test";
import { buildWorkshop } from "../test-support/busybox-plan.ts";
import { launcher, makeFiles } from "../test-support/cooper.ts";

test("a build that fails says which command, how it ended, what it printed and how to look into it", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  shop.plan(["echo nearly there; exit 4"]);
  const { status, stdout, stderr } = await shop.cooper("build", "--plan", "plan.json", "source", "-t", "a");
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /the step "made: echo nearly there; exit 4" ended with status 4\n/);
  assert.match(stderr, /Its command, in \/: \/bin\/sh -euc 'echo nearly there; exit 4'\n/);
  assert.match(stderr, /The end of what it printed:\nnearly there \[STEP_FAILED\]\n/);
  assert.match(stderr, /--debug-on-failure opens a shell where it failed/);
  const args = ["build", "--plan", "plan.json", "source", "-t", "a", "--debug-on-failure", "-e", "A=secret"];
  const more = await shop.cooper(...args);
  assert.match(
    more.stderr,
    /run on a terminal: cooper build --plan plan.json source -t a --debug-on-failure -e A\n/,
  );
});

test("--debug-on-failure opens a shell in the failed step's root, with its mounts and environment", async (t) => {
  const shop = await buildWorkshop(t);
  const script = requireProgram(t, "script", "bsdutils");
  if (shop === undefined || script === undefined) return;
  shop.plan(["echo half > /half; exit 4"], {
    environment: { COLOUR: "green" },
    directory: "/work",
    copies: [{ from: "source", source: ".", target: "work" }],
    caches: [{ id: "c", target: "/cache", sharing: "shared" }],
    secrets: ["TOKEN"],
  });
  const build = `${launcher} build --plan plan.json source -t a --debug-on-failure --env TOKEN=swordfish`;
  const { stdout } = await run(script, ["-qec", build, "/dev/null"], {
    cwd: shop.directory,
    status: "any",
    env: shop.env,
    input: 'echo "$COLOUR $TOKEN $PWD" $(cat /half file); touch /cache/was-here; exit 12\n',
  });
  assert.match(stdout, /the step "made: echo half > \/half; exit 4" ended with status 4/);
  assert.match(stdout, /\r\ngreen swordfish \/work half of the source\r\n/);
  const home = join(shop.directory, "home");
  assert.deepEqual(readdirSync(join(home, "containers")), []);
  const found = await run("grep", ["-rlF", "swordfish", home, "/dev/shm"], { status: "any" });
  assert.equal(found.stdout, "");
  const caches = await run("find", [join(home, "build/caches"), "-name", "was-here"]);
  assert.match(caches.stdout, /was-here/);
});

test("a plan takes commits and files of the web, and its steps secrets as files, within limits", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined || requireProgram(t, "git") === undefined) return;
  const { directory } = shop;
  makeFiles(directory, "repository", { "lib/answer": "42\n" });
  const git = async (...args: readonly string[]): Promise<string> => {
    const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    return (await run("git", ["-C", join(directory, "repository"), ...identity, ...args])).stdout.trim();
  };
  await git("init", "-q");
  await git("add", "-A");
  await git("commit", "-qm", "one");
  const peer = await startPeer(t, (_request, response) => response.end("tool\n"));
  writeFileSync(join(directory, "token"), "swordfish");
  const sha256 = createHash("sha256").update("tool\n").digest("hex");
  shop.plan(
    ["mkdir /out; cat /lib/answer /opt/tool > /out/file; wc -c < /run/token > /out/length; touch /fast/x"],
    {
      copies: [{ from: "library", source: "/", target: "lib" }],
      mounts: [{ from: "tool", source: "/tool", target: "/opt/tool" }],
      secretFiles: { token: "/run/token" },
      tmpfs: ["/fast"],
      limits: { memory: 64 * 2 ** 20, time: 60 },
    },
    {
      library: {
        git: `file://${directory}/repository`,
        commit: await git("rev-parse", "HEAD"),
        directory: "lib",
      },
      tool: { http: peer.url, sha256, path: "tool" },
    },
  );
  const args = ["build", "--plan", "plan.json", "source", "-o", "oci:out:1"];
  const missing = await shop.cooper(...args);
  assert.equal(missing.status, 2);
  assert.match(
    missing.stderr,
    /needs the secret token, and nobody gave it \[SECRET_MISSING\]\n.*--secret token=FILE/,
  );
  await shop.answer(...args, "--secret", "token=token");
  assert.equal(await shop.answer("cat", "oci:out:1", "/out/file"), "42\ntool");
  assert.equal(await shop.answer("cat", "oci:out:1", "/out/length"), "9");
  const drawing = await shop.answer("build", "--plan", "plan.json", "source", "--print-graph", "text");
  assert.match(drawing, /commit \w{12} of file:\/\/.*repository\n/);
  assert.match(drawing, /file http:\/\/127\.0\.0\.1:\d+\//);
  const graph: unknown = JSON.parse(
    await shop.answer("build", "--plan", "plan.json", "source", "--print-graph", "json"),
  );
  assert.match(JSON.stringify(graph), /"kind":"git".*"kind":"http"/);
});

test("where an image cannot be written is said before anything is built", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  shop.plan(["exit 7"]);
  const cases = [
    ["-o", "apt:curl", /nothing can be written to apt: \[UNWRITABLE_SCHEME\]/],
    ["-t", "Shop", /"store:Shop" is not a reference: .* \[INVALID_REFERENCE\]/],
  ] as const;
  for (const [flag, place, message] of cases) {
    // oxlint-disable-next-line no-await-in-loop
    const { status, stderr } = await shop.cooper("build", "--plan", "plan.json", "source", flag, place);
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /STEP_FAILED/);
  }
});

test("--check-reproducible prints the digest where both builds give the same", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  // Neither the clock, the umask, the zone, the directory nor what a cache holds is seen in the image.
  shop.plan(["mkdir /out; cp /src/file /out/file; date > /out/../tmp-date; touch /cache/once"], {
    copies: [{ from: "source", source: ".", target: "src" }],
    caches: [{ id: "c", target: "/cache", sharing: "shared" }],
  });
  const digest = await shop.answer("build", "--plan", "plan.json", "source", "-t", "a");
  assert.equal(await shop.answer("build", "--plan", "plan.json", "source", "--check-reproducible"), digest);
  const left = readdirSync(join(shop.directory, "home/build"));
  assert.deepEqual(
    left.filter((name) => name.startsWith("aside-")),
    [],
  );
});

test("--check-reproducible shows which step is to blame, and what differs in which file", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  shop.plan(
    [
      "mkdir /out; echo same > /out/same; echo v1 > /out/file",
      "cat /proc/sys/kernel/random/uuid > /out/file; f=/cache/n; echo x >> $f; echo $(cat $f) > /out/$(cat $f | wc -l)",
    ],
    { caches: [{ id: "c", target: "/cache", sharing: "shared" }] },
  );
  await shop.answer("build", "--plan", "plan.json", "source", "-t", "a");
  const { status, stdout } = await shop.cooper(
    "build",
    "--plan",
    "plan.json",
    "source",
    "--check-reproducible",
  );
  assert.equal(status, 1);
  assert.match(stdout, /^the first build gave sha256:\w{64}\nthe second one gave sha256:\w{64}\n/);
  assert.match(
    stdout,
    /\nlayer \d+, copy \/out to out\n {2}out\/1 {2}only in the second\n {2}out\/2 {2}only in the first\n/,
  );
  assert.match(stdout, /\n {2}out\/file {2}content at byte \d+: "[^"]+", then "[^"]+"\n/);
  assert.doesNotMatch(stdout, /out\/same/);
  assert.match(stdout, /\nGiven the same, these steps gave other files:\n {2}made: cat \/proc[^\n]+\n$/);
});

test("a secret is in nothing that a build leaves: image, caches, graph, log, home", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  const { directory } = shop;
  const secret = "swordfish-8f14e45fceea167a";
  shop.plan(
    [
      'mkdir /out; echo "$TOKEN"; cat /run/key; echo "$TOKEN" | wc -c > /out/file; cat /run/key | wc -c >> /out/file',
    ],
    {
      secrets: ["TOKEN"],
      secretFiles: { key: "/run/key" },
    },
  );
  writeFileSync(join(directory, "key"), `${secret}-in-a-file`);
  const args = ["build", "--plan", "plan.json", "source", "--env", `TOKEN=${secret}`, "--secret", "key=key"];
  const written = ["-t", "a", "-o", "oci:out:1", "-o", "docker-archive:out.tar", "--cache-to", "oci:cache:1"];
  const { status, stdout, stderr } = await shop.cooper(...args, ...written, "--verbose");
  assert.equal(status, 0, stderr);
  assert.match(stderr, /\n {2}\*\*\*/);
  const graph = await shop.answer(...args, "--print-graph", "json");
  assert.ok(![stdout, stderr, graph].some((text) => text.includes(secret)));
  await run("rm", [join(directory, "key")]);
  const found = await run("grep", ["-rlF", secret, directory, "/dev/shm"], { status: "any" });
  assert.equal(found.stdout, "");
  // Compressed layers too.
  await shop.answer("export", "oci:out:1", "files.tar");
  assert.ok(!readFileSync(join(directory, "files.tar")).includes(secret));
});

test("Ctrl-C ends a build with all that it runs, and leaves nothing", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  shop.plan(["sleep 4324 & echo started; sleep 4324"]);
  const child = spawn(launcher, ["build", "--plan", "plan.json", "source", "-t", "a", "--verbose"], {
    cwd: shop.directory,
    env: { ...process.env, ...shop.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const line of createInterface(child.stderr))
    if (line.includes("started") && !line.includes("echo")) break;
  child.kill("SIGINT");
  const [status] = await once(child, "exit");
  assert.equal(status, 130);
  assert.deepEqual(readdirSync(join(shop.directory, "home/containers")), []);
  assert.equal(
    (await run("sh", ["-c", "ps ax -o args= | grep -c '^sleep 4324' || true"])).stdout.trim(),
    "0",
  );
});

test("--progress json gives each event as a line, and --progress plain a line for each step", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  shop.plan(["mkdir /out; echo hello > /out/file; echo said", "exit 3"]);
  const build = ["build", "--plan", "plan.json", "source", "-t", "a"];
  const { stderr } = await shop.cooper(...build, "--progress", "json");
  const lines = stderr.trim().split("\n");
  const events = lines
    .filter((line) => line.startsWith("{"))
    .map((line): Readonly<Record<string, unknown>> => JSON.parse(line))
    .filter(({ type }) => type !== "note"); // that the plan has no locks
  const made = "made: mkdir /out; echo hello > /out/file; echo said";
  assert.deepEqual(
    events.map(({ type, label }) => [type, label]),
    [
      ["step-started", made],
      ["step-output", made],
      ["step-done", made],
      ["step-started", "made: exit 3"],
      ["step-failed", "made: exit 3"],
    ],
  );
  assert.equal(events[1]?.["text"], "said\n");
  assert.equal(typeof events[2]?.["seconds"], "number");
  assert.match(String(events[0]?.["step"]), /^sha256:[0-9a-f]{64}$/);
  assert.match(String(events[4]?.["error"]), /ended with status 3/);
  const plain = await shop.cooper(...build, "--progress", "plain");
  assert.match(plain.stderr, /^made: exit 3 {2}failed$/m);
  const live = await shop.cooper(...build, "--progress", "live");
  assert.ok(live.stderr.includes("\u001b[0J"));
});
