import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { createInterface } from "node:readline";
import { makeFiles, workshop } from "../test-support/cooper.ts";

const launcher = join(import.meta.dirname, "../../bin/cooper");

suite("serve", () => {
  test("keeps what is pushed to it in its directory, and ends with 0 on SIGTERM", async (t) => {
    const { directory, answer } = workshop(t);
    makeFiles(directory, "files", { "etc/motd": "hello\n" });
    const digest = await answer("by-hand", "files", "-o", "oci:image:v1");
    for (const round of ["pushed", "pulled"]) {
      const child = spawn(launcher, ["serve", "--listen", "127.0.0.1:0", "--data", "registry"], {
        cwd: directory,
        stdio: ["ignore", "ignore", "pipe"],
      });
      t.after(() => child.kill("SIGKILL"));
      const lines = createInterface(child.stderr);
      const [line]: string[] = await once(lines, "line");
      const [, host] = /"Serving at http:\/\/(127\.0\.0\.1:\d+)"/.exec(line ?? "") ?? [];
      assert.ok(host, line);
      if (round === "pushed") {
        assert.equal(await answer("copy", "oci:image:v1", `docker://${host}/mine/tools:1`), digest);
      } else {
        assert.equal(await answer("digest", `docker://${host}/mine/tools:1`), digest);
      }
      child.kill("SIGTERM");
      const [status, signal] = await once(child, "exit");
      assert.deepEqual([status, signal], [0, null]);
    }
  });

  test("an address that is none is wrong usage", async (t) => {
    const { cooper } = workshop(t);
    const finished = await cooper("serve", "--listen", "5000");
    assert.equal(finished.status, 2);
    assert.match(finished.stderr, /not an address to listen on/);
  });

  test("settings come from flags, then the environment, then the config file", async (t) => {
    const { directory, cooperWith } = workshop(t);
    makeFiles(directory, ".", { "serve.yaml": "listen: nowhere\ndata: d\n" });
    const inFile = await cooperWith({}, "serve", "--config", "serve.yaml");
    assert.equal(inFile.status, 2);
    assert.match(inFile.stderr, /serve\.yaml:1:9: listen: "nowhere" is not an address/);
    const inVariable = await cooperWith({ env: { COOPER_SERVE_IDLE_TIME: "x" } }, "serve");
    assert.equal(inVariable.status, 2);
    assert.match(inVariable.stderr, /\$COOPER_SERVE_IDLE_TIME is "x"/);
  });
});

suite("registry gc", () => {
  test("removes what nobody needs from a registry's directory", async (t) => {
    const { directory, answer } = workshop(t);
    const unnamed = "registry/repositories/a/_blobs/sha256";
    makeFiles(directory, unnamed, { ["0".repeat(64)]: "12345" });
    const path = join(directory, unnamed, "0".repeat(64));
    utimesSync(path, 1, 1);
    const collected = JSON.parse(await answer("registry", "gc", "--data", "registry", "--json"));
    assert.deepEqual(collected, {
      outcome: "done",
      removed: { blobs: 1, uploads: 0, manifests: 0, images: 0, bytes: 5 },
      kept: { blobs: 0, bytes: 0 },
    });
    assert.ok(!existsSync(path));
    assert.match(await answer("registry", "gc", "--data", "registry"), /^0 blobs, .* freed, 0 blobs kept$/);
  });
});
