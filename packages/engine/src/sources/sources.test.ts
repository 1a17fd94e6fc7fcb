import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readTar } from "@cooper/archive";
import { type Digest, digestBytes, type Layer } from "@cooper/oci";
import { requireProgram, run, startPeer, temporaryDirectory } from "@cooper/test";
import { execute } from "../execution/execute.ts";
import { describe, dumpGraph } from "../graph/dump.ts";
import type { Step } from "../graph/operation.ts";
import { makeStep } from "../graph/step.ts";

const ZERO = { platform: { os: "linux", architecture: "amd64" }, epoch: 1_000_000_000, locals: {} } as const;

async function build(home: string, last: Step, ran: string[] = []): Promise<readonly Layer[]> {
  return await execute(last, {
    ...ZERO,
    home,
    openImage: async () => await Promise.reject(new Error("there is no image in this graph")),
    onEvent: ({ type, step }) => void (type === "step-done" && ran.push(describe(step.operation))),
  });
}

/** What a layer has: of files the content, of symlinks where they lead, each with its mode. */
async function contents(layer: Layer | undefined): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  assert.ok(layer !== undefined);
  for await (const member of readTar(layer.tar())) {
    const text = Buffer.from(member.bytes ?? []).toString();
    const what = member.type === "symlink" ? member.linkPath : member.type === "file" ? text : "";
    found[member.path] = `${member.type} ${member.mode.toString(8)} ${what}`.trim();
    assert.deepEqual([member.uid, member.gid, member.mtime.seconds], [0, 0, ZERO.epoch]);
  }
  return found;
}

interface Repository {
  readonly directory: string;
  readonly commit: string;
  git(...args: readonly string[]): Promise<string>;
}

async function repository(t: TestContext): Promise<Repository | undefined> {
  if (requireProgram(t, "git") === undefined) return undefined;
  const directory = join(temporaryDirectory(t), "repository");
  mkdirSync(join(directory, "app/deep"), { recursive: true });
  const git = async (...args: readonly string[]): Promise<string> => {
    const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    return (await run("git", ["-C", directory, ...identity, ...args])).stdout.trim();
  };
  await git("init", "-q");
  writeFileSync(join(directory, "app/file"), "$Format:%H$\r\n");
  writeFileSync(join(directory, "app/deep/run"), "#!/bin/sh\n");
  chmodSync(join(directory, "app/deep/run"), 0o755);
  symlinkSync("file", join(directory, "app/link"));
  writeFileSync(Buffer.from(`${directory}/app/odd-\xff\n`, "latin1"), "odd");
  // Neither of these changes what a commit's files are.
  writeFileSync(join(directory, ".gitattributes"), "* export-subst text eol=lf\napp/link export-ignore\n");
  await git("add", "-A");
  await git("-c", "core.safecrlf=false", "commit", "-qm", "one");
  return { directory, commit: await git("rev-parse", "HEAD"), git };
}

test("a commit's files are in the graph as they are in the repository: modes, links, odd names, no filters", async (t) => {
  const from = await repository(t);
  if (from === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const step = makeStep({
    kind: "git",
    url: `file://${from.directory}`,
    commit: from.commit,
    directory: "app",
  });
  const [layer] = await build(home, step);
  assert.deepEqual(await contents(layer), {
    deep: "directory 755",
    "deep/run": "file 755 #!/bin/sh",
    file: "file 644 $Format:%H$",
    link: "symlink 777 file",
    "odd-\udcff\n": "file 644 odd",
  });
});

test("a commit that was fetched is not fetched again, and an older one is found by its branch", async (t) => {
  const from = await repository(t);
  if (from === undefined) return;
  await from.git("commit", "-q", "--allow-empty", "-m", "two");
  const home = join(temporaryDirectory(t), "home");
  const at = (url: string): Step => makeStep({ kind: "git", url, commit: from.commit });
  const ran: string[] = [];
  const [layer] = await build(home, at(`file://${from.directory}`), ran);
  // The same commit from elsewhere is the same step, also where elsewhere is nothing.
  const [again] = await build(home, at("file:///nowhere"), ran);
  assert.equal(await again?.diffId(), await layer?.diffId());
  assert.equal(ran.length, 1);
});

test("a commit that is not there, and one that is not named whole, are errors that say so", async (t) => {
  const from = await repository(t);
  if (from === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const url = `file://${from.directory}`;
  await assert.rejects(build(home, makeStep({ kind: "git", url, commit: "0".repeat(40) })), {
    code: "FETCH_FAILED",
    message: /no branch and no tag leads to that commit/,
  });
  await assert.rejects(build(home, makeStep({ kind: "git", url, commit: from.commit, directory: "none" })), {
    code: "FETCH_FAILED",
    message: /it has no directory none/,
  });
  assert.throws(() => makeStep({ kind: "git", url, commit: "main" }), { code: "GRAPH_INVALID" });
  assert.throws(() => makeStep({ kind: "git", url: "--upload-pack=true", commit: from.commit }), {
    code: "GRAPH_INVALID",
  });
  // An address that is a program to run is none.
  await assert.rejects(
    build(home, makeStep({ kind: "git", url: "ext::touch /tmp/x", commit: from.commit })),
    {
      code: "FETCH_FAILED",
    },
  );
});

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
