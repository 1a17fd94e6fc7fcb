import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { AMD64, makeKey, testContext, write, writeRepository } from "../release/repository.fixture.ts";
import { parseRequest } from "../request.ts";
import { solveRequest } from "../solve-request.ts";
import { accessTo } from "./access.ts";
import { parseAptConfiguration } from "./configuration.ts";

function proxyFor(text: string, url: string): string | undefined {
  return accessTo(url, { credentials: [], configuration: parseAptConfiguration([text]) }).proxy;
}

test("the proxy is the host's own, else the protocol's, else http's, else the environment's", () => {
  const both = 'Acquire { http::Proxy "http://a:1"; https::Proxy "b:2"; http::Proxy::near "DIRECT"; };';
  assert.equal(proxyFor(both, "http://far/debian"), "http://a:1");
  assert.equal(proxyFor(both, "https://far/debian"), "http://b:2");
  assert.equal(proxyFor(both, "http://near/debian"), "direct");
  assert.equal(proxyFor('Acquire::http::Proxy "http://a:1";', "https://far/debian"), "http://a:1");
  assert.equal(proxyFor('Acquire::http::Proxy "false";', "http://far/debian"), "direct");
  assert.equal(proxyFor('Acquire::http::Proxy "";', "http://far/debian"), undefined);
  assert.equal(proxyFor(both, "/srv/debian"), undefined);
  assert.equal(proxyFor(both, "file:/srv/debian"), undefined);
});

test("an archive is read through the proxy that apt.conf names, whatever the environment says", async (t) => {
  const key = await makeKey();
  const [archive, host] = [temporaryDirectory(t), temporaryDirectory(t)];
  await writeRepository(archive, { keys: [key] });
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? "");
    const { host: wanted, pathname } = new URL(request.url ?? "", "http://nowhere/");
    const file = join(archive, pathname.replace(/^\/debian\//, ""));
    if (wanted === "archive.test" && existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const { port } = proxy.address() as AddressInfo;
  write(join(host, "etc/os-release"), "ID=debian\nVERSION_CODENAME=stable\n");
  write(join(host, "etc/apt/key.asc"), key.public);
  write(
    join(host, "etc/apt/sources.list"),
    "deb [signed-by=/etc/apt/key.asc] http://archive.test/debian stable main\n",
  );
  write(join(host, "etc/apt/apt.conf.d/proxy"), `Acquire::http::Proxy "http://127.0.0.1:${port}/";\n`);
  const environment = { http_proxy: "http://127.0.0.1:9/", NO_PROXY: "archive.test" };
  const context = await testContext(t, { hostRoot: host, environment });
  const { packages } = await solveRequest(parseRequest("app"), AMD64, context);
  assert.deepEqual(packages.map(({ name }) => name).toSorted(), ["app", "lib"]);
  assert.ok(asked.includes("http://archive.test/debian/dists/stable/InRelease"), asked.join("\n"));
});
