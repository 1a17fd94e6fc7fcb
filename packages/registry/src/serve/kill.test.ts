import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { temporaryDirectory } from "@cooper/test";
import { closing, digestOf, located, manifestOf, someBytes, visitorOf } from "../conformance/visitor.test.ts";
import type { Visitor } from "../conformance/visitor.test.ts";
import { directoryStorage } from "../storage/directory/directory.ts";
import { startService } from "./service.fixture.ts";

/** How often a process is killed; COOPER_KILLS says another number. Issue 4 was proved with 100. */
const KILLS = Number(process.env["COOPER_KILLS"] ?? 12);
/** Several processes serve one directory, so that there is always one to push to while others start. */
const PROCESSES = 3;
/** So short that the collector meets blobs of pushes under way again and again. */
const GRACE_SECONDS = 4;

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts a service in a process of its own, which also collects all the time. */
async function start(t: TestContext, directory: string): Promise<Running> {
  const source = new URL("..", import.meta.url).href;
  const program = `
    import { serve } from ${JSON.stringify(`${source}serve/serve.ts`)};
    import { readSettings } from ${JSON.stringify(`${source}serve/settings/sources.ts`)};
    const flags = { listen: "127.0.0.1:0", gcGrace: "${GRACE_SECONDS}s", gcEvery: "0.1s", gcUploads: "20s", make: "none" };
    const { settings } = readSettings({ flags, environment: {}, file: undefined, defaults: { data: ${JSON.stringify(directory)} } });
    await serve({ settings, signal: new AbortController().signal, log: (level, message, fields) => {
      if (message.startsWith("Serving at ")) console.log(message.slice(11));
      if (level === "error") console.error(message, fields);
    } });`;
  const args = ["--conditions=@cooper/source", "--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [url]: unknown[] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(() => ["it ended"]),
  ]);
  assert.match(String(url), /^http:/);
  return { child, url: String(url) };
}

/** What clients were told is there: paths, and the digests of what they lead to. */
type Acknowledged = Map<string, string>;

/** Pushes an image, as clients do: asks for each blob, uploads what is missing, then the manifest; pulls it back. */
async function pushImage(
  visitor: Visitor,
  repository: string,
  tag: string,
  known: Acknowledged,
): Promise<void> {
  // Some blobs are pushed over and over: what is there already is what a collector could take away.
  const layers = [
    someBytes(1 + Math.floor(Math.random() * 100_000)),
    Buffer.from(`common ${tag.length % 3}`),
  ];
  const descriptors = [];
  for (const bytes of [Buffer.from("{}"), ...layers]) {
    const digest = digestOf(bytes);
    const path = `/v2/${repository}/blobs/${digest}`;
    // oxlint-disable-next-line no-await-in-loop
    if ((await visitor.ask("HEAD", path)).status !== 200) {
      // oxlint-disable-next-line no-await-in-loop
      const started = await visitor.ask("POST", `/v2/${repository}/blobs/uploads/`);
      assert.equal(started.status, 202);
      // oxlint-disable-next-line no-await-in-loop
      const put = await visitor.ask("PUT", closing(located(started), digest), { body: bytes });
      assert.equal(put.status, 201, put.body.toString());
    }
    descriptors.push({ mediaType: "application/octet-stream", digest, size: bytes.byteLength });
  }
  const [config, ...others] = descriptors;
  const manifest = manifestOf({ config, layers: others });
  const pushed = await visitor.pushManifest(repository, tag, manifest);
  assert.equal(pushed.status, 201, pushed.body.toString());
  known.set(`/v2/${repository}/manifests/${tag}`, manifest.digest);
  for (const { digest } of descriptors) known.set(`/v2/${repository}/blobs/${digest}`, digest);
  const pulled = await visitor.ask("GET", `/v2/${repository}/blobs/${descriptors[1]?.digest}`);
  assert.equal(digestOf(pulled.body), descriptors[1]?.digest);
}

test(`killed ${KILLS} times while it is pushed to, pulled from and collected, a registry loses nothing that it acknowledged`, async (t) => {
  const directory = temporaryDirectory(t);
  const known: Acknowledged = new Map();
  const running = await Promise.all(Array.from({ length: PROCESSES }, async () => await start(t, directory)));
  const over = new AbortController();
  const push = async (worker: number): Promise<void> => {
    for (let round = 0; !over.signal.aborted; round += 1) {
      const target = running[Math.floor(Math.random() * PROCESSES)];
      try {
        // oxlint-disable-next-line no-await-in-loop
        await pushImage(visitorOf(t, target?.url ?? ""), `r${worker % 3}`, `t${worker}-${round % 40}`, known);
        // A push that is given up leaves what the collector is there for.
        // oxlint-disable-next-line no-await-in-loop
        await visitorOf(t, target?.url ?? "").pushBlob(`r${worker % 3}`, someBytes(5000));
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error; // a broken connection is what this is about
        await pause(20); // oxlint-disable-line no-await-in-loop
      }
    }
  };
  const pushing = Promise.all(Array.from({ length: 4 }, async (_, worker) => await push(worker)));
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await pause(Math.random() * 400);
      const victim = kill % PROCESSES;
      running[victim]?.child.kill("SIGKILL");
      // oxlint-disable-next-line no-await-in-loop
      running[victim] = await start(t, directory);
    }
  } finally {
    over.abort();
    await pushing;
  }
  for (const { child } of running) child.kill("SIGKILL");

  assert.ok(known.size > KILLS, `only ${known.size} were acknowledged`);
  assertBlobsAreWhole(directory);
  const service = await startService(t, {}, directory);
  const visitor = visitorOf(t, service.url);
  for (const [path, digest] of known) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", path);
    // A tag that was moved, and then not acknowledged, may also lead to the later image.
    assert.equal(answer.status, 200, path);
    if (path.includes("/blobs/")) assert.equal(digestOf(answer.body), digest, path);
  }
  await assertTagsResolve(visitor);

  // Nothing that was left behind stays for ever.
  await service.stop();
  const later = await directoryStorage({ path: directory }).collect({ graceSeconds: 0, uploadSeconds: 0 });
  assert.equal(later.outcome, "done");
  t.diagnostic(
    `${known.size} acknowledged, ${later.removed.blobs} blobs and ${later.removed.uploads} uploads left over`,
  );
});

async function assertTagsResolve(visitor: Visitor): Promise<void> {
  const { repositories }: { repositories: string[] } = JSON.parse(
    (await visitor.ask("GET", "/v2/_catalog")).body.toString(),
  );
  for (const name of repositories) {
    // oxlint-disable-next-line no-await-in-loop
    const { tags }: { tags: string[] } = JSON.parse(
      (await visitor.ask("GET", `/v2/${name}/tags/list`)).body.toString(),
    );
    for (const tag of tags) {
      // oxlint-disable-next-line no-await-in-loop
      const manifest = await visitor.ask("GET", `/v2/${name}/manifests/${tag}`);
      assert.equal(manifest.status, 200, `${name}:${tag}`);
      assert.equal(digestOf(manifest.body), manifest.headers["docker-content-digest"]);
      const {
        config,
        layers,
      }: Record<"config", { digest: string }> & Record<"layers", { digest: string }[]> = JSON.parse(
        manifest.body.toString(),
      );
      for (const { digest } of [config, ...layers]) {
        // oxlint-disable-next-line no-await-in-loop
        assert.equal(
          (await visitor.ask("HEAD", `/v2/${name}/blobs/${digest}`)).status,
          200,
          `${name}:${tag} ${digest}`,
        );
      }
    }
  }
}

/** Every file that is called by a digest has it. */
function assertBlobsAreWhole(directory: string): void {
  const root = join(directory, "blobs/sha256");
  if (!existsSync(root)) return;
  for (const part of readdirSync(root)) {
    for (const name of readdirSync(join(root, part))) {
      if (name.startsWith(".")) continue;
      assert.equal(
        createHash("sha256")
          .update(readFileSync(join(root, part, name)))
          .digest("hex"),
        name,
      );
    }
  }
}
