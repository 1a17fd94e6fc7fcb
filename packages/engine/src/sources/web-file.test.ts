import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { type Digest, digestBytes } from "@cooper/oci";
import { run, startPeer, temporaryDirectory } from "@cooper/test";
import { describe, dumpGraph } from "../graph/dump.ts";
import type { Step } from "../graph/operation.ts";
import { makeStep } from "../graph/step.ts";
import { build, contents } from "./sources.fixture.ts";

const CONTENT = Buffer.from("a file of the web\n");
const DIGEST = digestBytes(CONTENT);

function web(url: string, digest: Digest = DIGEST): Step {
  return makeStep({ kind: "http", url, digest, path: "opt/tool", mode: 0o755 });
}

test("a file of the web is fetched once, through redirects and passing faults, and checked", async (t) => {
  let asked = 0;
  const peer = await startPeer(t, ({ path }, response) => {
    if (path === "/moved") return response.writeHead(302, { location: "/file" }).end();
    if (++asked === 1) return response.writeHead(503).end();
    return response.end(CONTENT);
  });
  const home = join(temporaryDirectory(t), "home");
  const [layer] = await build(home, web(`${peer.url}/moved`));
  assert.deepEqual(await contents(layer), { "opt/tool": "file 755 a file of the web" });
  await build(home, web("http://127.0.0.1:1/elsewhere"));
  assert.deepEqual(peer.log, ["GET /moved", "GET /file", "GET /moved", "GET /file"]);
});

test("a file of the web that is another one, or not there, is an error, and nothing of it stays", async (t) => {
  const peer = await startPeer(t, ({ path }, response) =>
    path === "/other" ? response.end("other") : response.writeHead(404).end(),
  );
  const home = join(temporaryDirectory(t), "home");
  await assert.rejects(build(home, web(`${peer.url}/other`)), {
    code: "FETCH_FAILED",
    message: /expected sha256:\w+, but the bytes have sha256:/,
  });
  await assert.rejects(build(home, web(`${peer.url}/none`)), { message: /\/none answered 404/ });
  const left = await run("find", [join(home, "build"), "-name", "*aside*"]);
  assert.equal(left.stdout, "");
  assert.throws(() => web(`${peer.url}/file`, "sha256:1" as Digest), { code: "GRAPH_INVALID" });
});

test("a password in an address is sent, and is in no key, no dump, no drawing and no message", async (t) => {
  const password = "swordfish";
  const peer = await startPeer(t, ({ headers }, response) => {
    const isRight = headers.authorization === `Basic ${btoa(`me:${password}`)}`;
    return isRight ? response.end(CONTENT) : response.writeHead(401).end();
  });
  const home = join(temporaryDirectory(t), "home");
  const step = web(peer.url.replace("http://", `http://me:${password}@`));
  await build(home, step);
  assert.ok(!JSON.stringify([dumpGraph(step), describe(step.operation)]).includes(password));
  assert.equal(step.digest, web("http://127.0.0.1:1/elsewhere").digest);
  const wrong = web(
    peer.url.replace("http://", "http://me:swordfish2@"),
    `sha256:${createHash("sha256").digest("hex")}` as Digest,
  );
  await assert.rejects(build(home, wrong), (error: Error) => !error.message.includes(password));
  const found = await run("grep", ["-rlF", password, home], { status: "any" });
  assert.equal(found.stdout, "");
});
