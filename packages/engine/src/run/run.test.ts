import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type TarInput, writeTar } from "@cooper/archive";
import { type Image, makeImage, makeLayer } from "@cooper/oci";
import { requireProgram, requireRoot, temporaryDirectory } from "@cooper/test";
import { findRuntime } from "../runtime/find-runtime.ts";
import { pruneRuns } from "./prune.ts";
import { runImage, type RunOptions } from "./run.ts";
import { requireRuntime } from "../runtime/runtime.fixture.ts";

const BUSYBOX = "/bin/busybox";

/** The layers of a small image of Debian's static busybox; undefined (and a loud skip) where it cannot run here. */
function requireBusybox(t: TestContext): readonly TarInput[] | undefined {
  if (!requireRoot(t) || !requireRuntime(t)) return undefined;
  if (requireProgram(t, "busybox", "busybox-static") === undefined) return undefined;
  return [
    { path: "bin", type: "directory" },
    { path: "bin/busybox", type: "file", mode: 0o755, bytes: readFileSync(BUSYBOX) },
    { path: "bin/sh", type: "symlink", linkPath: "busybox" },
    { path: "etc", type: "directory" },
    {
      path: "etc/passwd",
      type: "file",
      bytes: Buffer.from("root:x:0:0::/root:/bin/sh\nuser:x:500:501::/home:\n"),
    },
    { path: "tmp", type: "directory", mode: 0o1777 },
  ];
}

function imageOf(layers: readonly (readonly TarInput[])[], config: object = {}): Image {
  return makeImage({
    config: { os: "linux", architecture: "amd64", config: { Cmd: ["/bin/sh"], ...config } },
    layers: layers.map((members) => makeLayer({ tar: () => writeTar(members) })),
  });
}

/** Runs a script of busybox's shell and gives the status, and what it wrote to /out. */
async function runScript(
  t: TestContext,
  image: Image,
  script: string,
  options: Partial<RunOptions> = {},
): Promise<{ status: number; output: string; home: string }> {
  const home = options.home ?? join(temporaryDirectory(t), "home");
  const out = join(temporaryDirectory(t), "out");
  mkdirSync(out);
  chmodSync(out, 0o777);
  const { status } = await runImage(image, {
    home,
    arguments: ["/bin/sh", "-c", script],
    ...options,
    volumes: [{ source: out, target: "/out", access: "read-write" }, ...(options.volumes ?? [])],
  });
  const file = join(out, "text");
  return { status, output: existsSync(file) ? readFileSync(file, "utf8") : "", home };
}

test("a container's exit status is given, and nothing of it is left", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const { status, home } = await runScript(t, imageOf([base]), "exit 7");
  assert.equal(status, 7);
  assert.deepEqual(readdirSync(join(home, "containers")), []);
  assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(home));
});

test("a home that a link leads to is as good as another", async (t) => {
  const layer = requireBusybox(t);
  if (layer === undefined) return;
  const home = join(temporaryDirectory(t), "link");
  symlinkSync(temporaryDirectory(t), home);
  assert.deepEqual(await runScript(t, imageOf([layer]), "echo here > /out/text", { home }), {
    status: 0,
    output: "here\n",
    home,
  });
});

test("a program that is not in the image, or not executable, is an error that names it", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  for (const program of ["/no/such", "nosuch", "/etc/passwd"]) {
    await assert.rejects(runImage(imageOf([base]), { home, arguments: [program] }), {
      code: "RUNTIME_FAILED",
      message: new RegExp(program),
      advice: /in the image .*, and executable/,
    });
  }
  assert.deepEqual(readdirSync(join(home, "containers")), []);
});

test("layers lie on each other: whiteouts hide, links lead to files of lower layers", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const image = imageOf([
    base,
    [
      { path: "opt", type: "directory" },
      { path: "opt/gone", type: "file", bytes: Buffer.from("x") },
      { path: "opt/kept", type: "file", bytes: Buffer.from("kept\n") },
    ],
    [
      { path: "opt/.wh.gone", type: "file", bytes: Buffer.alloc(0) },
      { path: "opt/hard", type: "hardlink", linkPath: "opt/kept" },
      { path: "tmp/file", type: "file", bytes: Buffer.alloc(0) },
    ],
  ]);
  const script = "cd /opt; ls > /out/text; cat hard >> /out/text; busybox stat -c %a /tmp >> /out/text";
  assert.equal((await runScript(t, image, script)).output, "hard\nkept\nkept\n1777\n");
});

test("layers are unpacked once, also when two run at the same time", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const image = imageOf([base]);
  const events: string[] = [];
  const onEvent: RunOptions["onEvent"] = (event) => void events.push(event.type);
  await Promise.all([
    runScript(t, image, "true", { home, onEvent }),
    runScript(t, image, "true", { home, onEvent }),
  ]);
  await runScript(t, image, "true", { home, onEvent });
  assert.equal(events.filter((type) => type === "layer-done").length, 1);
  assert.equal(readdirSync(join(home, "unpacked")).filter((name) => !name.endsWith(".lock")).length, 1);
});

test("user, directory, environment and host name are what was asked for", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const script = "{ busybox id -u; busybox id -g; pwd; echo $A $HOME; } > /out/text";
  const image = imageOf([base], { Env: ["A=image"], WorkingDir: "/etc" });
  assert.equal((await runScript(t, image, script)).output, "0\n0\n/etc\nimage /root\n");
  const { output } = await runScript(t, image, script, { user: "user", workdir: "/tmp", env: ["A=given"] });
  assert.equal(output, "500\n501\n/tmp\ngiven /home\n");
});

test("a read-only root cannot be written, a read-only volume neither", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const source = temporaryDirectory(t);
  writeFileSync(join(source, "a"), "from the host\n");
  const script =
    "cat /data/a > /out/text; touch /new 2>/dev/null && exit 1; touch /data/b 2>/dev/null && exit 2; exit 0";
  const { status, output } = await runScript(t, imageOf([base]), script, {
    root: "read-only",
    volumes: [{ source, target: "/data", access: "read-only" }],
  });
  assert.equal(status, 0);
  assert.equal(output, "from the host\n");
});

test("no network means a loopback and nothing else; a published port still leads in", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const published = Promise.withResolvers<number>();
  const home = join(temporaryDirectory(t), "home");
  const controller = new AbortController();
  const running = runImage(imageOf([base]), {
    home,
    network: "none",
    published: [{ address: "127.0.0.1", hostPort: 0, containerPort: 80 }],
    arguments: ["/bin/busybox", "nc", "-ll", "-p", "80", "-e", "/bin/busybox", "ls", "/sys/class/net"],
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "published") published.resolve(event.ports[0]?.hostPort ?? 0);
    },
  });
  running.then(
    ({ status }) => published.reject(new Error(`the container ended with ${status}`)),
    (error: unknown) => published.reject(error), // and looked at below
  );
  try {
    assert.equal(await visit(await published.promise), "lo\n");
  } finally {
    controller.abort();
    await assert.rejects(running);
  }
  assert.deepEqual(readdirSync(join(home, "containers")), []);
});

async function visit(port: number): Promise<string> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(port, "127.0.0.1");
      socket.on("data", (data) => (text += data.toString()));
      socket.on("error", () => resolve(""));
      socket.on("close", () => resolve(text));
    });
    if (answer !== "") return answer;
    await pause(50);
  }
  return "no answer";
}

test("limits of memory and processors reach the container", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const script =
    "for i in $(busybox seq 200); do [ ! -e /seen/seen ] || exit 0; busybox sleep 0.05; done; exit 1";
  const seen = temporaryDirectory(t);
  const limits: string[] = [];
  const { status } = await runScript(t, imageOf([base]), script, {
    memory: 64 * 2 ** 20,
    cpus: 0.5,
    volumes: [{ source: seen, target: "/seen", access: "read-write" }],
    onEvent: (event) => {
      if (event.type !== "started") return;
      const looking = setInterval(() => {
        const limit = memoryLimit(event.id);
        if (limit === undefined) return;
        clearInterval(looking);
        limits.push(limit);
        writeFileSync(join(seen, "seen"), "");
      }, 20);
      t.after(() => clearInterval(looking));
    },
  });
  assert.equal(status, 0);
  assert.deepEqual(limits, [String(64 * 2 ** 20)]);
});

/** The limit of a container's cgroup, of version 1 or 2, once it is set. */
function memoryLimit(id: string): string | undefined {
  // Version 1 puts it below the caller's own cgroup.
  const own = /^\d+:memory:(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "";
  for (const file of [`memory${own}/${id}/memory.limit_in_bytes`, `${id}/memory.max`]) {
    const path = join("/sys/fs/cgroup", file);
    const limit = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
    if (/^\d{1,12}$/.test(limit)) return limit;
  }
  return undefined;
}

/** Starts a run that sleeps, kills the process that waits for it, and gives the container that is left. */
async function killedRun(home: string): Promise<string> {
  const child = spawn(
    process.execPath,
    ["--conditions=@cooper/source", join(import.meta.dirname, "sleeper.fixture.ts"), home],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const [left] = readdirSync(join(home, "containers"));
  assert.ok(left !== undefined);
  for (let waited = 0; !isRunning(left) && waited < 200; waited++) await pause(25);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  if (findRuntime().name !== "namespaces") assert.ok(isRunning(left), "it outlives who waited for it");
  return left;
}

test("what a killed run left behind, the next one removes", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const left = await killedRun(home);
  const reaped: string[] = [];
  await runScript(t, imageOf([base]), "true", {
    home,
    onEvent: (event) => {
      if (event.type === "reaped") reaped.push(...event.ids);
    },
  });
  assert.deepEqual(reaped, [left]);
  assert.deepEqual(readdirSync(join(home, "containers")), []);
  assert.ok(!isRunning(left), "the container's process is gone");
});

test("pruning ends containers that nobody waits for before it takes their layers away", async (t) => {
  if (requireBusybox(t) === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const left = await killedRun(home);
  assert.equal(pruneRuns(home).length, 1);
  assert.ok(!isRunning(left), "the container's process is gone");
  assert.deepEqual(
    readdirSync(join(home, "unpacked")).filter((name) => !name.endsWith(".lock")),
    [],
  );
});

test("what a runtime was still starting for a run that was killed is ended with what that left", async (t) => {
  if (!requireRoot(t)) return;
  const home = join(temporaryDirectory(t), "home");
  const id = `cooper-${randomBytes(8).toString("hex")}`;
  mkdirSync(join(home, "containers", id), { recursive: true });
  const byController = "/sys/fs/cgroup/pids"; // version 1
  const cgroup = join(existsSync(byController) ? byController : "/sys/fs/cgroup", id);
  try {
    mkdirSync(cgroup);
  } catch (error) {
    t.skip(`no cgroup can be made: ${String(error)}`);
    return;
  }
  const started = spawn("sleep", ["600"]);
  const ended = new Promise((resolve) => started.once("exit", (_, signal) => resolve(signal)));
  t.after(async () => {
    started.kill("SIGKILL");
    await ended;
    rmdirSync(cgroup);
  });
  writeFileSync(join(cgroup, "cgroup.procs"), String(started.pid));
  assert.ok(isRunning(id));
  assert.deepEqual(pruneRuns(home), []);
  assert.ok(!isRunning(id));
  assert.equal(await ended, "SIGKILL");
  assert.deepEqual(readdirSync(join(home, "containers")), []);
});

test("pruning leaves the layers of a container that runs", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const pruned: string[] = [];
  const { status } = await runScript(t, imageOf([base]), "busybox sleep 0.2; exec /bin/busybox true", {
    home,
    onEvent: (event) => {
      if (event.type === "started") pruned.push(...pruneRuns(home));
    },
  });
  assert.equal(status, 0);
  assert.deepEqual(pruned, []);
});

function isRunning(id: string): boolean {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        // One that is dead stays in the list until its parent has asked for its status.
        const isDead = /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
        return !isDead && readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(id);
      } catch {
        return false; // it ended while we looked
      }
    });
}

test("a volume whose source is not there stops the run before it starts", async (t) => {
  const base = requireBusybox(t);
  if (base === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const volumes = [{ source: join(home, "none"), target: "/d", access: "read-only" as const }];
  await assert.rejects(runImage(imageOf([base]), { home, volumes }), { code: "VOLUME_MISSING" });
});
