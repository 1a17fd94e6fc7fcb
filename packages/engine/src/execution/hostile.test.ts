import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { readTar } from "@cooper/archive";
import { type Layer, makeImage, validate } from "@cooper/oci";
import { requireProgram, run } from "@cooper/test";
import { makeStep } from "../graph/step.ts";
import { findRuntime } from "../runtime/find-runtime.ts";
import { BASE, PLATFORM, sh, type Site, site, SOURCE, textOf } from "./site.fixture.ts";

test("an endless log ends with its step, and no more than its end is kept", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  let length = 0;
  const building = here.build(sh("yes 'all work and no play'", [BASE], { limits: { time: 6 } }), {
    onEvent: (event) => {
      if (event.type === "step-output") length += event.text.length;
    },
  });
  await assert.rejects(building, (error: Error) => {
    assert.match(error.message, /took longer than 6 seconds/);
    assert.ok(error.message.length < 5000);
    return true;
  });
  assert.ok(length > 100_000);
  const kept = (await run("du", ["-s", "--block-size=1", join(here.home, "build")])).stdout;
  assert.ok(Number(kept.split("\t")[0]) < 2 ** 20, "nothing of the log is on the disk");
});

test("a source with sockets, devices, pipes, odd names and loops of links is copied, without what is no file", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const { source } = here;
  const server = createServer().listen(join(source, "socket"));
  t.after(() => server.close());
  await once(server, "listening");
  execFileSync("mknod", [join(source, "device"), "c", "1", "5"]);
  execFileSync("mkfifo", [join(source, "pipe")]);
  symlinkSync(".", join(source, "loop"));
  symlinkSync("b", join(source, "a"));
  symlinkSync("a", join(source, "b"));
  symlinkSync("/etc/shadow", join(source, "outside"));
  writeFileSync(join(source, "new\nline"), "1");
  writeFileSync(Buffer.from(`${source}/latin-\xe9`, "latin1"), "2");
  mkdirSync(Buffer.from(`${source}/dir-\xff`, "latin1"));
  writeFileSync(Buffer.from(`${source}/dir-\xff/file`, "latin1"), "3");
  writeFileSync(join(source, "-rf"), "4");
  const last = makeStep({ kind: "copy", copies: [{ source: ".", target: "src" }] }, [BASE, SOURCE]);
  const layers = await here.build(last);
  const found: Record<string, string> = {};
  for await (const { path, type, linkPath } of readTar((layers.at(-1) as Layer).tar()))
    found[path] = type === "symlink" ? `to ${linkPath}` : type;
  assert.deepEqual(found, {
    "src/-rf": "file",
    "src/a": "to b",
    "src/b": "to a",
    "src/dir-\udcff": "directory",
    "src/dir-\udcff/file": "file",
    "src/latin-\udce9": "file",
    "src/loop": "to .",
    "src/new\nline": "file",
    "src/outside": "to /etc/shadow",
  });
  // A link that leads out of the source is a link, and in a step it leads nowhere else than there.
  const seen = await here.build(sh("cat /src/outside > /shadow || echo none > /shadow", [last]));
  assert.equal(await textOf(seen.at(-1), "shadow"), "none\n");
  assert.deepEqual(await validate(makeImage({ config: PLATFORM, layers: seen }), { depth: "full" }), []);
});

test("a full disk is an error that says so; nothing half-written stays, and the next build completes", async (t) => {
  const here = site(t);
  if (here === undefined || requireProgram(t, "mount") === undefined) return;
  mkdirSync(here.home);
  await run("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", here.home]);
  try {
    const step = sh("/bin/busybox dd if=/dev/zero of=/large bs=64k count=400");
    await assert.rejects(here.build(step), { code: "STEP_FAILED", message: /No space left on device/ });
    // Where a layer is written, and not where a step runs.
    execFileSync("sh", ["-c", 'head -c 30000000 /dev/urandom > "$1"', "sh", join(here.source, "large")]);
    const copied = makeStep({ kind: "copy", copies: [{ source: ".", target: "src" }] }, [BASE, SOURCE]);
    await assert.rejects(here.build(copied), { code: "DISK_FULL" });
    assert.deepEqual(readdirSync(join(here.home, "containers")), []);
    assert.deepEqual(leftovers(here), []);
    await run("mount", ["-o", "remount,size=400m", here.home]);
    const layers = await here.build(makeStep({ kind: "merge" }, [step, copied]));
    assert.deepEqual(await validate(makeImage({ config: PLATFORM, layers }), { depth: "full" }), []);
  } finally {
    await run("umount", ["--lazy", here.home]);
  }
});

/** In the command line of what starts containers: of runc, or of Cooper itself. */
const RUNTIME_PATTERN = findRuntime().name === "namespaces" ? "cooper-container" : "runc --root";

test("a runtime, or a command, that somebody kills is a failure of its step, and the next build is as ever", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  for (const pattern of [RUNTIME_PATTERN, "sleep 4323"]) {
    const building = here.build(sh("echo here; sleep 4323"), {
      onEvent: (event) => {
        if (event.type === "step-output") killOf(here, pattern);
      },
    });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(building, /status 137|container|runc/);
    assert.deepEqual(readdirSync(join(here.home, "containers")), []);
    assert.equal(pidsOf("sleep 4323").length, 0);
  }
  await here.build(sh("echo whole > /file"));
});

test("proxies, and where packages come from, are seen by a step and are in no key", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const step = sh("echo $HTTPS_PROXY $GOPROXY > /seen", [BASE], {
    network: "host",
    configuration: ["certificates", "go"],
  });
  const environment = { HOME: here.home, HTTPS_PROXY: "http://one:1", GOPROXY: "http://two:2" };
  const layers = await here.build(step, { environment });
  assert.equal(await textOf(layers.at(-1), "seen"), "http://one:1 http://two:2\n");
  here.ran();
  await here.build(step, { environment: { HOME: here.home, HTTPS_PROXY: "http://other:3" } });
  assert.deepEqual(here.ran(), []);
});

test("a source that changes while it is copied is an error, and not an image that nobody had", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const path = join(here.source, "file");
  writeFileSync(path, "before");
  const copied = makeStep({ kind: "copy", copies: [{ source: ".", target: "src" }] }, [BASE, SOURCE]);
  const building = here.build(copied, {
    onEvent: (event) => {
      if (event.type === "step-started") writeFileSync(path, "behind");
    },
  });
  await assert.rejects(building, { code: "DIGEST_MISMATCH" });
});

/** What is there of what was not finished. */
function leftovers({ home }: Site): readonly string[] {
  const names = ["build", "unpacked", "build/blobs"].flatMap((name) => readdirSync(join(home, name)));
  return names.filter((name) => /^\.?(?:aside|partial)-|\.tmp$/.test(name));
}

function pidsOf(pattern: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => commandLine(name).includes(pattern))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has ended
  }
}

/** Kills what a pattern and this site's home name: other tests run beside this one. */
function killOf({ home }: Site, pattern: string): void {
  for (const pid of pidsOf(pattern)) {
    const isOurs = commandLine(String(pid)).includes(home) || pattern.startsWith("sleep");
    if (isOurs) process.kill(pid, "SIGKILL");
  }
}
