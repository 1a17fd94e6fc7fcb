import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage, type RequestOptions } from "node:http";
import { buffer } from "node:stream/consumers";
import { dirname, join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { freePort, requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";

const HOUSE = resolve(import.meta.dirname, "..");
const COOPER = join(HOUSE, "packages/cli/bin/cooper");
const KEPT = join(HOUSE, "node_modules/.cache/cooper-test");
const ENV = {
  COOPER_HOME: join(KEPT, "home"),
  COOPER_CACHE_DIR: process.env["COOPER_CACHE_DIR"] ?? KEPT,
};
const SCRIPT = `// ${"casks ".repeat(1000)}\n`;
const FILES = {
  "index.html": "<p>home</p>\n",
  "about.html": "<p>about</p>\n",
  "docs/index.html": "<p>docs</p>\n",
  "404.html": "<p>nothing</p>\n",
  "script.js": SCRIPT,
  "data.unknown": "0123456789",
} as const;

type Asked = readonly [IncomingMessage, Buffer];
type Ask = (path: string, options?: RequestOptions) => Promise<Asked>;

/** Builds the site, runs it, and gives what asks it. Undefined where this machine lacks something: then t says what. */
async function serve(t: TestContext, settings: readonly string[]): Promise<Ask | undefined> {
  if (!requireRoot(t) || requireProgram(t, "runc") === undefined) return undefined;
  const directory = temporaryDirectory(t);
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(directory, "site", path)), { recursive: true });
    writeFileSync(join(directory, "site", path), text);
  }
  const mirror = await run(COOPER, ["resolve", "apt:lighttpd"], { env: ENV, status: "any" });
  if (mirror.status !== 0) {
    t.skip(`SKIPPED: apt's mirror, as configured here, gives nothing: ${mirror.stderr}`);
    return undefined;
  }
  const image = `oci:${join(directory, "image")}:1`;
  await run(COOPER, ["build", join(directory, "site"), "--quiet", "-o", image, ...settings], { env: ENV });
  const port = await freePort();
  const flags = ["--quiet", "--read-only", "--network", "none", "--env", "PORT=9090"];
  const server = spawn(COOPER, ["run", ...flags, "--publish", `127.0.0.1:${port}:9090`, image], {
    env: { ...process.env, ...ENV },
    stdio: "ignore",
  });
  const ended = once(server, "close");
  t.after(async () => {
    server.kill("SIGTERM");
    await ended;
  });
  const ask: Ask = async (path, options = {}) => {
    const [response] = (await once(get({ port, path, ...options }), "response")) as [IncomingMessage];
    return [response, await buffer(response)];
  };
  for (let tries = 0; tries < 900; tries++) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      await ask("/");
      return ask;
    } catch {
      // oxlint-disable-next-line no-await-in-loop
      await pause(100); // it has not started yet
    }
  }
  throw new Error("the site's server does not answer");
}

test("a site of documents is served as browsers and caches want it, on the port that it is given", async (t) => {
  const ask = await serve(t, []);
  if (ask === undefined) return;
  const pages: readonly [string, number, string][] = [
    ["/", 200, FILES["index.html"]],
    ["/index.html", 200, FILES["index.html"]],
    ["/about", 200, FILES["about.html"]],
    ["/about.html?x=1", 200, FILES["about.html"]],
    ["/docs/", 200, FILES["docs/index.html"]],
    ["/docs", 301, ""],
    ["/nothing", 404, FILES["404.html"]],
    ["/../../etc/passwd", 404, FILES["404.html"]],
  ];
  for (const [path, status, text] of pages) {
    // oxlint-disable-next-line no-await-in-loop
    const [response, body] = await ask(path);
    assert.deepEqual([path, response.statusCode, body.toString()], [path, status, text]);
  }
  const [page] = await ask("/about");
  assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
  assert.equal(page.headers["cache-control"], "no-cache");
  assert.equal(page.headers["x-content-type-options"], "nosniff");
  const { etag = "" } = page.headers;
  assert.match(etag, /^"[0-9a-f]{16}"$/, "a tag of the content");
  const [same] = await ask("/about", { headers: { "if-none-match": etag } });
  assert.equal(same.statusCode, 304);
  const [head, nobody] = await ask("/about", { method: "HEAD" });
  assert.deepEqual([head.statusCode, nobody.length], [200, 0]);
  const [bytes, part] = await ask("/data.unknown", { headers: { range: "bytes=2-4" } });
  assert.deepEqual([bytes.statusCode, part.toString()], [206, "234"]);
  assert.equal(bytes.headers["content-type"], "application/octet-stream");

  const forms = [
    ["br", "br;q=1, gzip", brotliDecompressSync],
    ["gzip", "gzip, deflate", gunzipSync],
    [undefined, "identity", (content: Buffer): Buffer => content],
  ] as const;
  const tags = new Set<string>();
  for (const [encoding, accepted, decompress] of forms) {
    // oxlint-disable-next-line no-await-in-loop
    const [response, body] = await ask("/script.js", { headers: { "accept-encoding": accepted } });
    assert.equal(response.headers["content-encoding"], encoding);
    assert.equal(response.headers["content-type"], "text/javascript; charset=utf-8");
    assert.equal(response.headers.vary, "Accept-Encoding");
    assert.equal(decompress(body).toString(), SCRIPT);
    tags.add(response.headers.etag ?? "");
  }
  assert.equal(tags.size, 3, "each form has a tag of its own");
});

test("an application's one page answers for every path that names no file", async (t) => {
  const ask = await serve(t, ["--env", "SITE_PAGES=application"]);
  if (ask === undefined) return;
  const [page, text] = await ask("/casks/3");
  assert.deepEqual([page.statusCode, text.toString()], [200, FILES["index.html"]]);
  const [missing] = await ask("/assets/missing.js");
  assert.equal(missing.statusCode, 404, "but not for a file that is missing");
});
