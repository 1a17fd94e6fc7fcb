import assert from "node:assert/strict";
import { chmodSync, copyFileSync, renameSync, rmSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import { join } from "node:path";
import { once } from "node:events";
import { suite, test } from "node:test";
import { freePort, requireProgram, run, temporaryDirectory } from "@cooper/test";
import { refused, someBytes, visitorOf } from "../conformance/visitor.test.ts";
import { startService } from "./service.fixture.ts";
import { followTls, readTls } from "./tls.ts";

suite("the service", () => {
  test("logs every request with its id, which the client may choose", async (t) => {
    const service = await startService(t);
    const visitor = visitorOf(t, service.url);
    const chosen = await visitor.ask("GET", "/v2/a/tags/list?secret=1", {
      headers: { "X-Request-Id": "trace-7:a.b" },
    });
    assert.equal(chosen.headers["x-request-id"], "trace-7:a.b");
    const made = await visitor.ask("GET", "/v2/", { headers: { "X-Request-Id": "no good\u00a0id" } });
    assert.match(String(made.headers["x-request-id"]), /^[0-9a-f-]{36}$/);
    const logged = service.lines.filter(({ requestId }) => requestId !== undefined);
    assert.deepEqual(
      logged.map(({ message, requestId, status, client }) => ({ message, requestId, status, client })),
      [
        { message: "GET /v2/a/tags/list", requestId: "trace-7:a.b", status: 404, client: "127.0.0.1" },
        { message: "GET /v2/", requestId: made.headers["x-request-id"], status: 200, client: "127.0.0.1" },
      ],
    );
    assert.ok(!JSON.stringify(service.lines).includes("secret"));
  });

  test("counts what it does, and shows it to Prometheus", async (t) => {
    const service = await startService(t);
    const visitor = visitorOf(t, service.url);
    const digest = await visitor.pushBlob("a", someBytes(100_000));
    await visitor.ask("GET", `/v2/a/blobs/${digest}`);
    await visitor.ask("MADEUP", "/v2/");
    const answer = await visitor.ask("GET", "/metrics");
    assert.match(String(answer.headers["content-type"]), /^text\/plain; version=0\.0\.4/);
    const text = answer.body.toString();
    assert.match(text, /^cooper_registry_requests_total\{method="GET",kind="blob",status="200"\} 1$/m);
    assert.match(text, /^cooper_registry_requests_total\{method="PUT",kind="upload",status="201"\} 1$/m);
    assert.match(text, /^cooper_registry_request_seconds_count\{method="GET",kind="blob"\} 1$/m);
    const [, sent] = /^cooper_registry_sent_bytes_total (\d+)$/m.exec(text) ?? [];
    assert.ok(Number(sent) > 100_000 && Number(sent) < 110_000, sent);
    assert.match(text, /^cooper_registry_connections 1$/m);
    for (const line of text.trimEnd().split("\n")) {
      assert.match(
        line,
        /^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)$/,
      );
    }
  });

  test("metrics can have an address of their own, and are then nowhere else", async (t) => {
    const metricsListen = `127.0.0.1:${await freePort()}`;
    const service = await startService(t, { metricsListen });
    assert.equal((await visitorOf(t, service.url).ask("GET", "/metrics")).status, 404);
    assert.equal((await visitorOf(t, service.url).ask("GET", "/healthz")).status, 200);
    const apart = visitorOf(t, `http://${metricsListen}`);
    assert.equal((await apart.ask("GET", "/metrics")).status, 200);
    assert.equal((await apart.ask("GET", "/readyz")).status, 200);
    assert.equal((await apart.ask("GET", "/v2/")).status, 404);
  });

  test("says that it is ready while it can write, and that it lives in any case", async (t) => {
    const service = await startService(t);
    const visitor = visitorOf(t, service.url);
    assert.equal((await visitor.ask("GET", "/readyz")).body.toString(), "ok\n");
    refused(await visitor.ask("POST", "/readyz"), 405, "UNSUPPORTED");
    rmSync(service.directory, { recursive: true });
    copyFileSync("/dev/null", service.directory); // a file is no directory, whoever one is
    const other = await startService(t, {}, service.directory);
    const answer = await visitorOf(t, other.url).ask("GET", "/readyz");
    assert.equal(answer.status, 503);
    assert.equal(answer.body.toString(), "the storage cannot be written\n");
    assert.equal((await visitorOf(t, other.url).ask("GET", "/healthz")).status, 200);
  });

  test("read-only, it serves what it has and takes nothing", async (t) => {
    const writer = await startService(t);
    const digest = await visitorOf(t, writer.url).pushBlob("a", "bytes");
    await writer.stop();
    chmodSync(writer.directory, 0o555);
    const visitor = visitorOf(t, (await startService(t, { mode: "read-only" }, writer.directory)).url);
    assert.equal((await visitor.ask("GET", `/v2/a/blobs/${digest}`)).body.toString(), "bytes");
    assert.equal((await visitor.ask("GET", "/readyz")).status, 200);
    for (const [method, path] of [
      ["POST", "/v2/a/blobs/uploads/"],
      ["PUT", "/v2/a/manifests/v1"],
      ["DELETE", `/v2/a/blobs/${digest}`],
    ] as const) {
      const answer = await visitor.ask(method, path, { body: "{}" });
      refused(answer, 405, "UNSUPPORTED");
      assert.match(answer.body.toString(), /read-only/);
    }
    assert.equal((await visitor.ask("HEAD", `/v2/a/blobs/${digest}`)).status, 200);
  });

  test("a client that asks too often must wait, and others need not", async (t) => {
    const service = await startService(t, {
      requestsPerSecond: "1",
      requestBurst: "5",
      proxies: "127.0.0.0/8",
    });
    const visitor = visitorOf(t, service.url);
    const ask = async (client: string): Promise<Awaited<ReturnType<typeof visitor.ask>>> =>
      await visitor.ask("GET", "/v2/", { headers: { "X-Forwarded-For": client } });
    const answers = [];
    // oxlint-disable-next-line no-await-in-loop
    for (let count = 0; count < 10; count += 1) answers.push(await ask("192.0.2.1"));
    const [late] = answers.filter(({ status }) => status === 429);
    assert.ok(late !== undefined);
    refused(late, 429, "TOOMANYREQUESTS");
    assert.equal(late.headers["retry-after"], "1");
    assert.equal((await ask("192.0.2.2")).status, 200);
    assert.equal((await visitor.ask("GET", "/healthz")).status, 200, "who asks after its health may");
  });

  test("stopping, it lets a download end", async (t) => {
    const service = await startService(t, { stopTime: "60s" });
    const visitor = visitorOf(t, service.url);
    const bytes = someBytes(5_000_000);
    const digest = await visitor.pushBlob("a", bytes);
    const answer = visitor.ask("GET", `/v2/a/blobs/${digest}`);
    const before = service.lines.length;
    await Promise.all([answer, service.stop()]).catch((error: unknown) => {
      // The request may also have come when nothing was accepted any more.
      assert.match(String(error), /ECONNRESET|ECONNREFUSED|socket hang up/);
    });
    assert.ok(service.lines.slice(before).some(({ message }) => message === "Stopped"));
  });

  test("several can listen at one address, each for some of the clients, where all of them say so", async (t) => {
    const listen = `127.0.0.1:${await freePort()}`;
    const first = await startService(t, { listen, listenSharing: "shared" });
    const second = await startService(t, { listen, listenSharing: "shared" }, first.directory);
    const digest = await visitorOf(t, first.url).pushBlob("a", "bytes");
    for (let count = 0; count < 40; count += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitorOf(t, second.url).ask("GET", `/v2/a/blobs/${digest}`);
      assert.equal(answer.body.toString(), "bytes");
    }
    for (const { lines } of [first, second]) assert.ok(lines.some(({ status }) => status === 200));
    await assert.rejects(async () => await startService(t, { listen }), /EADDRINUSE/);
  });

  test("a port that is taken, or a directory that is none, is told at once", async (t) => {
    const { url } = await startService(t);
    await assert.rejects(async () => await startService(t, { listen: new URL(url).host }), /EADDRINUSE/);
  });
});

suite("TLS", () => {
  test("a certificate that is replaced is used from the next connection on; a broken one is not", async (t) => {
    const openssl = requireProgram(t, "openssl");
    if (openssl === undefined) return;
    const directory = temporaryDirectory(t);
    const make = async (name: string): Promise<void> => {
      const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
      const subject = ["-subj", `/CN=${name}`, "-days", "2", "-nodes", "-newkey", "ec"];
      const curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"];
      await run(openssl, ["req", "-x509", ...subject, ...curve, "-keyout", key, "-out", cert]);
    };
    await Promise.all([make("one"), make("two")]);
    const files = { certificate: join(directory, "tls.crt"), key: join(directory, "tls.key") };
    const put = (name: string): void => {
      for (const [end, path] of [
        ["key", files.key],
        ["crt", files.certificate],
      ] as const) {
        copyFileSync(join(directory, `${name}.${end}`), `${path}.new`);
        renameSync(`${path}.new`, path);
      }
    };
    put("one");
    const service = await startService(t, { tlsCertificate: files.certificate, tlsKey: files.key });
    const names = async (): Promise<string | undefined> => {
      const socket = connectTls({ port: Number(new URL(service.url).port), rejectUnauthorized: false });
      await once(socket, "secureConnect");
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return String(subject.CN);
    };
    assert.equal(await names(), "one");

    const seen: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const watching = new AbortController();
    followTls(files, {
      everyMs: 20,
      use: (identity) => {
        assert.deepEqual(identity, readTls(files));
        seen.push("used");
        resolve();
      },
      fault: (error) => {
        seen.push(String(error));
        put("two");
      },
      signal: watching.signal,
    });
    copyFileSync("/dev/null", files.certificate);
    await promise;
    watching.abort();
    assert.match(seen[0] ?? "", /TLS cannot be spoken with .*tls\.crt/);
    assert.equal(seen.at(-1), "used");
    while ((await names()) !== "two") await new Promise((wait) => setTimeout(wait, 100));
  });

  test("files that do not belong together are told at once", async (t) => {
    const directory = temporaryDirectory(t);
    const files = { tlsCertificate: join(directory, "a"), tlsKey: join(directory, "b") };
    await assert.rejects(async () => await startService(t, files), /TLS cannot be spoken/);
  });
});
