import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { writeTar } from "@cooper/archive";
import { makeImage, makeLayer } from "@cooper/oci";
import { requireProgram, requireRoot, temporaryDirectory } from "@cooper/test";
import { runImage } from "./run.ts";
import { requireRuntime } from "../runtime/runtime.fixture.ts";

/** An image that has nothing but places for the host's programs. */
const image = makeImage({
  config: { os: "linux", architecture: "amd64" },
  layers: [
    makeLayer({
      tar: () =>
        writeTar([
          ...["bin", "lib", "lib64", "sbin"].map(
            (path) => ({ path, type: "symlink", linkPath: `usr/${path}` }) as const,
          ),
          { path: "tmp", type: "directory", mode: 0o1777 } as const,
        ]),
    }),
  ],
});

/** Runs one of the host's programs in a container, its /usr read-only, and gives what it wrote to /out/text. */
async function runHostProgram(t: TestContext, command: readonly string[]): Promise<string> {
  const out = join(temporaryDirectory(t), "out");
  mkdirSync(out);
  chmodSync(out, 0o777);
  const host = ["/usr", "/etc/ssl", "/etc/alternatives", dirname(process.execPath)];
  const { status } = await runImage(image, {
    home: join(temporaryDirectory(t), "home"),
    arguments: command,
    env: ["PATH=/usr/bin:/bin"],
    volumes: [
      ...host.map((path) => ({ source: path, target: path, access: "read-only" }) as const),
      { source: out, target: "/out", access: "read-write" },
    ],
  });
  assert.equal(status, 0, command.join(" "));
  return readFileSync(join(out, "text"), "utf8");
}

const ORDINARY: Readonly<Record<string, readonly string[]>> = {
  sh: ["/bin/sh", "-c", "(ls / | sort | head -n 1; kill -0 $$ && echo fine) | tail -n 1 > /out/text"],
  python3: [
    "/usr/bin/python3",
    "-c",
    `import subprocess, threading, socket, tempfile, select
thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
subprocess.run(["/bin/true"], check=True)
a, b = socket.socketpair(); a.send(b"x"); select.select([b], [], [])
tempfile.TemporaryFile()
open("/out/text", "w").write("fine\\n")`,
  ],
  curl: [
    "/bin/sh",
    "-c",
    "echo fine > /tmp/page; curl --silent --output /out/text file:///tmp/page; curl -s http://127.0.0.1:1; [ $? = 7 ]",
  ],
  node: [
    process.execPath,
    "--eval",
    `const { writeFileSync } = require("node:fs");
     const { Worker } = require("node:worker_threads");
     require("node:child_process").execFileSync("/bin/true");
     new Worker("", { eval: true }).on("exit", () =>
       require("node:http").createServer((_, answer) => answer.end("fine\\n")).listen(0, async function () {
         writeFileSync("/out/text", await (await fetch("http://127.0.0.1:" + this.address().port)).text());
         process.exit();
       }));`,
  ],
};

for (const [name, command] of Object.entries(ORDINARY)) {
  test(`an ordinary program is not kept from its work: ${name}`, async (t) => {
    if (!requireRoot(t) || !requireRuntime(t)) return;
    if (name !== "node" && requireProgram(t, name) === undefined) return;
    assert.equal(await runHostProgram(t, command), "fine\n");
  });
}

test("calls that reach past a container fail with EPERM, and clone3 as if there were none", async (t) => {
  if (!requireRoot(t) || !requireRuntime(t)) return;
  if (process.arch !== "x64") {
    t.skip("SKIPPED: the numbers of system calls here are those of x86-64");
    return;
  }
  if (requireProgram(t, "python3") === undefined) return;
  const script = `import ctypes, socket
c = ctypes.CDLL(None, use_errno=True)
def errno(*call):
    ctypes.set_errno(0)
    c.syscall(*call)
    return ctypes.get_errno()
out = open("/out/text", "w")
CLONE_NEWUSER = 0x10000000
for name, call in {
    "unshare": (272, CLONE_NEWUSER), "clone": (56, CLONE_NEWUSER | 17, 0, 0, 0, 0), "clone3": (435, 0, 0),
    "keyctl": (250, 0, 0), "bpf": (321, 0, 0, 0), "io_uring_setup": (425, 1, 0), "userfaultfd": (323, 0),
    "personality": (135, 0x0040000),
}.items(): print(name, errno(*call), file=out)
try: socket.socket(40, socket.SOCK_STREAM)
except OSError as error: print("vsock", error.errno, file=out)
`;
  assert.deepEqual((await runHostProgram(t, ["/usr/bin/python3", "-c", script])).trim().split("\n"), [
    "unshare 1",
    "clone 1",
    "clone3 38",
    "keyctl 1",
    "bpf 1",
    "io_uring_setup 1",
    "userfaultfd 1",
    "personality 1",
    "vsock 1",
  ]);
});
