import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
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
});
