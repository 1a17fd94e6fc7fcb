import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { mount, MOUNT_FLAGS, unmount, UNMOUNT_FLAGS } from "@cooper/sys";
import { requireRoot } from "@cooper/test";
import {
  closing,
  digestOf,
  manifestOf,
  OCI_INDEX,
  refused,
  someBytes,
  until,
  visitorOf,
} from "../conformance/visitor.test.ts";
import { startService } from "./service.fixture.ts";

interface Raw {
  readonly socket: Socket;
  /** What has come back so far: its beginning. */
  readonly text: () => string;
  readonly isClosed: () => boolean;
}

/** Sends bytes as they are, and keeps the connection open. */
function send(t: TestContext, url: string, text: string): Raw {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  t.after(() => socket.destroy());
  let answer = "";
  let closed = false;
  socket.on("data", (chunk: Buffer) => {
    if (answer.length < 100_000) answer += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => (closed = true));
  socket.write(text, "latin1");
  return { socket, text: () => answer, isClosed: () => closed };
}

async function answered({ text, isClosed }: Raw): Promise<string> {
  await until(async () => text().includes("\r\n\r\n") || isClosed());
  return text();
}

suite("paths", () => {
  test("a name or path that leaves the storage, or only looks like one, reaches nothing", async (t) => {
    const service = await startService(t);
    const secret = join(service.directory, "repositories/a/_manifests/sha256", "secret");
    mkdirSync(dirname(secret), { recursive: true });
    writeFileSync(secret, "secret");
    writeFileSync(join(dirname(service.directory), "outside"), "secret");
    const digest = digestOf("x");
    for (const path of [
      "/v2/../../etc/passwd",
      "/v2/..%2f..%2foutside/tags/list",
      "/v2/%2e%2e/%2e%2e/tags/list",
      "/v2/a/../b/tags/list",
      "/v2/a/./b/tags/list",
      "/v2//a/tags/list",
      "/v2/a//b/tags/list",
      "/v2/a%00b/tags/list",
      "/v2/a\\b/tags/list",
      "/v2/_uploads/tags/list",
      "/v2/a/_manifests/tags/list",
      "/v2/a/_blobs/manifests/v1",
      "/v2/A/tags/list",
      "/v2/a/manifests/../../_lock",
      "/v2/a/manifests/%2e%2e%2f_lock",
      "/v2/a/manifests/..",
      "/v2/a/manifests/sha256:secret",
      "/v2/a/manifests/sha256:../sha256/secret",
      `/v2/a/blobs/sha256:${"../".repeat(20)}etc/passwd`,
      `/v2/a/blobs/sha256/${digest.slice(7)}`,
      `/v2/a/blobs/${digest.toUpperCase()}`,
      "/v2/a/blobs/uploads/../../_manifests/sha256/secret",
      "/v2/a/blobs/uploads/..%2f_manifests",
      "/v2/a/referrers/sha256:..",
      "/v1/",
      "/v2x/",
      "/v2/a",
      "http://elsewhere/v2/",
      "//elsewhere/v2/",
      "*",
      "/v2/%zz/tags/list",
      `/v2/${"a/".repeat(5000)}tags/list`,
    ]) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        // oxlint-disable-next-line no-await-in-loop
        const text = await answered(
          send(t, service.url, `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`),
        );
        assert.match(text, /^HTTP\/1\.1 4\d\d /, `${method} ${path}`);
        assert.ok(!text.includes("secret\n") && !text.endsWith("secret"), `${method} ${path}`);
      }
    }
    assert.ok(existsSync(secret));
    assert.deepEqual(readdirSync(join(service.directory, "repositories")), ["a"], "nothing was made");
  });
});

suite("requests", () => {
  test("what two servers could read in two ways is refused, and nothing of it is taken for a second request", async (t) => {
    const service = await startService(t);
    const smuggled = "GET /v2/smuggled/tags/list HTTP/1.1\r\nHost: x\r\n\r\n";
    const chunked = `0\r\n\r\n${smuggled}`;
    for (const head of [
      `Content-Length: 4\r\nContent-Length: ${chunked.length}`,
      `Content-Length: ${chunked.length}\r\nTransfer-Encoding: chunked`,
      "Transfer-Encoding: chunked\r\nContent-Length: 4",
      "Transfer-Encoding: chunked, identity",
      "Transfer-Encoding: xchunked",
      "Transfer-Encoding : chunked",
      "Transfer-Encoding:\u000bchunked",
      "Content-Length: 0x10",
      "Content-Length: +4",
      "Content-Length: 4,4",
      "Content-Length: -1",
      "Content-Length: 99999999999999999999",
      "X: a\r\n b\u0000c",
      "X: a\nTransfer-Encoding: chunked",
      "Host: other",
    ]) {
      const raw = send(
        t,
        service.url,
        `POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${chunked}`,
      );
      // oxlint-disable-next-line no-await-in-loop
      const text = await answered(raw);
      assert.match(text, /^HTTP\/1\.1 4\d\d /, head);
    }
    assert.ok(!JSON.stringify(service.lines).includes("smuggled"));
  });

  test("headers cannot be put into an answer", async (t) => {
    const service = await startService(t);
    for (const path of [
      "/v2/a/tags/list?last=x%0d%0aSet-Cookie:%20a&n=1",
      "/v2/a/blobs/uploads/?digest=sha256:%0d%0aSet-Cookie:%20a",
      "/v2/_catalog?last=%0d%0aSet-Cookie:%20a",
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      const text = await answered(
        send(t, service.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\tb\r\n\r\n`),
      );
      assert.doesNotMatch(text, /^Set-Cookie/im);
      assert.match(text, /^X-Request-Id: [0-9a-f-]{36}\r$/im);
    }
  });

  test("a media type cannot carry a header or a line of a file", async (t) => {
    const service = await startService(t);
    const visitor = visitorOf(t, service.url);
    for (const type of ["a/b\u00e9", "a", "a/b/c", "a b/c", "/", `a/${"b".repeat(200)}`]) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitor.ask("PUT", "/v2/a/manifests/v1", {
        body: "{}",
        headers: { "Content-Type": type },
      });
      refused(answer, 400, "MANIFEST_INVALID");
    }
  });

  test("a head without end, or of many headers, is cut off", async (t) => {
    const service = await startService(t);
    const long = await answered(
      send(t, service.url, `GET /v2/ HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(100_000)}\r\n\r\n`),
    );
    assert.match(long, /^HTTP\/1\.1 431 /);
    const many = "A: b\r\n".repeat(20_000);
    assert.match(
      await answered(send(t, service.url, `GET /v2/ HTTP/1.1\r\nHost: x\r\n${many}\r\n`)),
      /^HTTP\/1\.1 4\d\d /,
    );
  });
});

suite("slow clients", () => {
  test("a thousand of them do not keep others from being served, and are let go", async (t) => {
    const service = await startService(t, { headTime: "1s", idleTime: "1s", slowBytes: "1KiB" });
    const visitor = visitorOf(t, service.url);
    const bytes = someBytes(12_000_000);
    const path = `/v2/a/blobs/${await visitor.pushBlob("a", bytes)}`;
    const locations = await Promise.all(Array.from({ length: 10 }, async () => await visitor.start("a")));
    const slow = Array.from({ length: 1000 }, (_, at) => {
      const location = locations[at % 10] ?? "";
      const raw = send(
        t,
        service.url,
        at % 4 === 0
          ? "GET /v2/ HTTP/1.1\r\nHos" // never ends its head
          : at % 4 === 1
            ? `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx` // never sends its body
            : `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, // reads nothing, or drips
      );
      if (at % 4 >= 2) raw.socket.pause();
      const drip = setInterval(() => (at % 4 === 3 ? raw.socket.read(1) : raw.socket.write("x")), 300);
      raw.socket.once("close", () => clearInterval(drip));
      t.after(() => clearInterval(drip));
      return raw;
    });
    for (let round = 0; round < 5; round += 1) {
      // oxlint-disable-next-line no-await-in-loop
      assert.ok((await visitor.ask("GET", path)).body.equals(bytes));
    }
    const { body } = await visitor.ask("GET", "/metrics");
    assert.match(body.toString(), /^cooper_registry_connections \d+$/m);
    // Who reads nothing sees the end only when it reads.
    await until(async () => {
      for (const { socket } of slow) socket.resume();
      return slow.every(({ isClosed }) => isClosed());
    });
    assert.ok((await visitor.ask("GET", path)).body.equals(bytes));
  });

  test("more connections than there may be are closed, and make room when others go", async (t) => {
    const service = await startService(t, { connections: "10" });
    const open = Array.from({ length: 30 }, () => send(t, service.url, "GET /v2/ HT"));
    await until(async () => open.filter(({ isClosed }) => isClosed()).length === 20);
    for (const { socket } of open) socket.destroy();
    await until(async () => {
      try {
        return (await visitorOf(t, service.url).ask("GET", "/v2/")).status === 200;
      } catch {
        return false; // it may still count those that have just gone
      }
    });
  });
});

/** A file system of 4 MB, which goes with the test. */
function smallDisk(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "cooper-disk-"));
  mount("tmpfs", directory, "tmpfs", 0, "size=4m");
  t.after(() => {
    unmount(directory, UNMOUNT_FLAGS.detach);
    rmdirSync(directory);
  });
  return directory;
}

suite("a disk", () => {
  test("that is full is an error that says so; what was there is served, and room is used again", async (t) => {
    if (!requireRoot(t)) return;
    const directory = smallDisk(t);
    const service = await startService(t, {}, directory);
    const visitor = visitorOf(t, service.url);
    const kept = someBytes(1_000_000);
    const digest = await visitor.pushBlob("a", kept);
    for (const framing of ["length", "chunked"] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const location = await visitor.start("a");
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitor.ask("PATCH", location, { body: someBytes(6_000_000), framing });
      refused(answer, 507, "UNKNOWN");
      assert.match(answer.body.toString(), /no room left/);
      assert.ok((await visitor.ask("GET", `/v2/a/blobs/${digest}`)).body.equals(kept)); // oxlint-disable-line no-await-in-loop
      assert.equal((await visitor.ask("DELETE", location)).status, 204); // oxlint-disable-line no-await-in-loop
    }
    writeFileSync(join(directory, "ballast"), Buffer.alloc(2_900_000));
    const manifest = manifestOf({ manifests: [], annotations: { long: "x".repeat(500_000) } }, OCI_INDEX);
    const refusal = await visitor.pushManifest("a", "v1", manifest);
    refused(refusal, 507, "UNKNOWN");
    assert.equal((await visitor.ask("GET", "/v2/a/manifests/v1")).status, 404, "nothing by halves");
    writeFileSync(join(directory, "ballast"), "");
    assert.equal((await visitor.pushManifest("a", "v1", manifest)).status, 201);
    const location = await visitor.start("a");
    const small = someBytes(1_000_000);
    assert.equal((await visitor.ask("PUT", closing(location, digestOf(small)), { body: small })).status, 201);
    const faults = service.lines.filter(({ level }) => level === "error");
    assert.ok(faults.length >= 3 && faults.every(({ status }) => status === 507));
  });

  test("that may not be written to is an error that is logged with its cause, and not told", async (t) => {
    if (!requireRoot(t)) return;
    const directory = smallDisk(t);
    const service = await startService(t, {}, directory);
    const visitor = visitorOf(t, service.url);
    const digest = await visitor.pushBlob("a", "bytes");
    mount("none", directory, "", MOUNT_FLAGS.remount | MOUNT_FLAGS.readOnly);
    const answer = await visitor.ask("POST", "/v2/a/blobs/uploads/");
    refused(answer, 500, "UNKNOWN");
    assert.ok(!answer.body.toString().includes(directory));
    assert.match(String(service.lines.at(-1)?.["fault"]), /RegistryError/);
    assert.equal((await visitor.ask("GET", `/v2/a/blobs/${digest}`)).body.toString(), "bytes");
    assert.equal((await visitor.ask("GET", "/readyz")).status, 503);
  });
});
