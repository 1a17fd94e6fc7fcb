import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { memoryStorage } from "../storage/memory.ts";
import type { RegistryEvent } from "../options.ts";
import { digestOf, everywhere, refused, someBytes, until, visit } from "./visitor.test.ts";

everywhere("the API is there, and says its version", async (visitor) => {
  for (const path of ["/v2/", "/v2"]) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["docker-distribution-api-version"], "registry/2.0");
  }
});

everywhere("what the API has not is not found", async (visitor) => {
  for (const path of ["/", "/v1/", "/v2/a", "/v2/a/b/tags", "/v2/a/b/blobs", "/token", "/v2/%zz/tags/list"]) {
    // oxlint-disable-next-line no-await-in-loop
    refused(await visitor.ask("GET", path), 404, "UNSUPPORTED");
  }
});

everywhere("a method that is not possible is refused with those that are", async (visitor) => {
  const digest = digestOf("x");
  for (const [method, path, allow] of [
    ["POST", "/v2/", "GET, HEAD"],
    ["POST", "/v2/a/manifests/t", "GET, HEAD, PUT, DELETE"],
    ["PUT", `/v2/a/blobs/${digest}`, "GET, HEAD, DELETE"],
    ["GET", "/v2/a/blobs/uploads/", "POST"],
    ["POST", "/v2/a/blobs/uploads/x", "GET, HEAD, PATCH, PUT, DELETE"],
    ["DELETE", "/v2/a/tags/list", "GET, HEAD"],
    ["PUT", `/v2/a/referrers/${digest}`, "GET, HEAD"],
    ["POST", "/v2/_catalog", "GET, HEAD"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask(method, path);
    refused(answer, 405, "UNSUPPORTED");
    assert.equal(answer.headers.allow, allow);
  }
});

everywhere("names that break the grammar, or would leave the storage, are refused", async (visitor) => {
  for (const name of [
    "../a",
    "a/..",
    "a//b",
    "A",
    "-a",
    "a-",
    "a..b",
    "a___b",
    "_blobs",
    "a/_tags",
    "%2e%2e/a",
    "a%00b",
    "a%5cb",
    "a\\b",
    "x".repeat(256),
    "",
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    refused(await visitor.ask("GET", `/v2/${name}/tags/list`), 400, "NAME_INVALID");
    // oxlint-disable-next-line no-await-in-loop
    refused(await visitor.ask("POST", `/v2/${name}/blobs/uploads/`), 400, "NAME_INVALID");
  }
});

everywhere("names may use the words of the API", async (visitor) => {
  for (const name of [
    "manifests",
    "a/manifests/b",
    "a/blobs/uploads",
    "blobs/uploads/x",
    "tags/list",
    "referrers",
    "x__y.z-w/v2",
  ]) {
    const bytes = someBytes(10);
    // oxlint-disable-next-line no-await-in-loop
    const digest = await visitor.pushBlob(name, bytes);
    // oxlint-disable-next-line no-await-in-loop
    assert.ok((await visitor.ask("GET", `/v2/${name}/blobs/${digest}`)).body.equals(bytes), name);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("GET", `/v2/${name}/tags/list`)).status, 200, name);
  }
});

everywhere(
  "warnings are sent with every answer, in the specified form and size",
  async (visitor) => {
    const answer = await visitor.ask("GET", "/v2/a/tags/list");
    const lines = String(answer.headers["warning"]).split(/, (?=299)/);
    assert.deepEqual(lines.slice(0, 2), ['299 - "the name a is \\"old\\""', '299 - "line?break ?"']);
    assert.ok(lines.every((line) => /^299 - "(?:[^"\\]|\\.)*"$/.test(line)));
    assert.ok(lines.join("").length <= 4096);
    assert.ok(lines.length > 10);
  },
  {
    warnings: ({ repository }) => [
      `the name ${repository} is "old"`,
      `the name ${repository} is "old"`,
      "line\nbreak ü",
      ...Array.from({ length: 100 }, (_, index) => `${index} ${"x".repeat(100)}`),
    ],
  },
);

test("only so many uploads are received at once", async (t) => {
  const visitor = await visit(t, { storage: memoryStorage(), limits: { uploadsInFlight: 1 } });
  const [first, second] = [await visitor.start("a"), await visitor.start("a")];
  const { hostname, port } = new URL(visitor.url);
  const socket = connect(Number(port), hostname);
  t.after(() => socket.destroy());
  socket.write(`PATCH ${first} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345`);
  await until(async () => (await visitor.ask("GET", first)).headers.range === "0-4");
  const answer = await visitor.ask("PATCH", second, { body: "x" });
  refused(answer, 429, "TOOMANYREQUESTS");
  assert.equal(answer.headers["retry-after"], "1");
  socket.write("67890");
  await until(async () => (await visitor.ask("PATCH", second, { body: "x" })).status === 202);
});

test("an observer is told of every request, without its query", async (t) => {
  const events: RegistryEvent[] = [];
  const visitor = await visit(t, { storage: memoryStorage(), observe: (event) => events.push(event) });
  await visitor.ask("GET", "/v2/a/b/tags/list?n=1");
  await visitor.ask("GET", "/v2/");
  assert.deepEqual(
    events.map(({ method, path, repository, status }) => ({ method, path, repository, status })),
    [
      { method: "GET", path: "/v2/a/b/tags/list", repository: "a/b", status: 404 },
      { method: "GET", path: "/v2/", repository: undefined, status: 200 },
    ],
  );
});

test("a fault of the storage is an answer that tells nothing of the inside", async (t) => {
  const full = Object.assign(new Error("no space"), { code: "ENOSPC", syscall: "write" });
  const storage = Object.assign(memoryStorage(), {
    tags: async () => await Promise.reject(new Error("secret path")),
    startUpload: async () => await Promise.reject(full),
  });
  const events: RegistryEvent[] = [];
  const visitor = await visit(t, { storage, observe: (event) => events.push(event) });
  const answer = await visitor.ask("GET", "/v2/a/tags/list");
  refused(answer, 500, "UNKNOWN");
  assert.doesNotMatch(answer.body.toString(), /secret/);
  assert.match(String(events[0]?.fault), /the registry failed/);
  refused(await visitor.ask("POST", "/v2/a/blobs/uploads/"), 507, "UNKNOWN");
});
