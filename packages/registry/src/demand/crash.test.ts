import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { temporaryDirectory } from "@cooper/test";
import { inspectManifest } from "../manifest.ts";
import { directoryStorage } from "../storage/directory/directory.ts";
import { imageBlobs } from "../storage/image-blobs.ts";
import type { Storage } from "../storage/storage.ts";
import { imageWith, pull, serveDemand, startUpstream } from "./demand.fixture.ts";

interface Running {
  readonly url: string;
  /** Ends the process as a power cut would end it, as far as one process can tell. */
  kill(): Promise<void>;
}

/** Starts a registry that makes images in a process of its own. */
async function start(t: TestContext, path: string): Promise<Running> {
  const program = `
    import { createRegistry, Demand, directoryStorage } from ${JSON.stringify(new URL("../index.ts", import.meta.url).href)};
    const storage = directoryStorage({ path: ${JSON.stringify(path)} });
    const upstreams = [{ host: "*", addresses: "any" }];
    const demand = new Demand({ storage, upstreams, limits: { builds: 4, perVisitor: 100 } });
    console.log((await createRegistry({ storage, demand }).listen()).url);`;
  const child = spawn(
    process.execPath,
    ["--conditions=@cooper/source", "--input-type=module", "--eval", program],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  t.after(kill);
  const lines = createInterface({ input: child.stdout });
  const [url]: unknown[] = await once(lines, "line");
  return { url: String(url), kill };
}

/** Asks for a manifest, and for what it names, as far as the registry lives. */
async function visit(url: string, repository: string, tag: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v2/${repository}/manifests/${tag}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (!answer.ok) return false;
    for (const { digest } of inspectManifest(bytes, answer.headers.get("content-type") ?? "").blobs) {
      // oxlint-disable-next-line no-await-in-loop
      await (await fetch(`${url}/v2/${repository}/blobs/${digest}`)).arrayBuffer();
    }
    return true;
  } catch {
    return false;
  }
}

/** Checks that each tag leads to manifests that are there, and each blob that is there to its digest. Gives the tags. */
async function assertWhole(storage: Storage, isComplete: (repository: string) => boolean): Promise<number> {
  let tags = 0;
  const { names } = await storage.repositories({ after: undefined, limit: 1000 });
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop
    const listing = await storage.tags(name, { after: undefined, limit: 1000 });
    for (const tag of listing?.names ?? []) {
      tags += 1;
      // oxlint-disable-next-line no-await-in-loop
      const digest = (await storage.tag(name, tag)) ?? assert.fail(`${name}:${tag}`);
      // oxlint-disable-next-line no-await-in-loop
      for (const [blob] of await imageBlobs(storage, name, digest)) {
        // oxlint-disable-next-line no-await-in-loop
        const opened = await storage.openBlob(name, blob);
        if (opened === undefined) {
          assert.ok(!isComplete(name), `${name}:${tag} lacks ${blob}`);
          continue;
        }
        const bytes = Buffer.alloc(opened.size);
        // oxlint-disable-next-line no-await-in-loop
        for (let at = 0; at < bytes.length;) at += await opened.read(bytes.subarray(at), at);
        opened.close();
        assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, blob);
      }
    }
  }
  return tags;
}

test("a registry killed while it makes and fetches has whole images, and makes the others again", async (t) => {
  const path = temporaryDirectory(t);
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a", "b", "c"]));
  const names = (round: number): readonly (readonly [string, string])[] => [
    [`random/a${round}`, "3x200k"],
    [`random/b${round}`, "1x2M"],
    [`zstd/random/c${round}`, "2x500k"],
    [`flatten/${upstream.component}/mine/app`, "v1"],
    [`mirror/${upstream.component}/mine/app`, "v1"],
  ];
  const rounds = 8;
  for (let round = 0; round < rounds; round += 1) {
    // oxlint-disable-next-line no-await-in-loop
    const { url, kill } = await start(t, path);
    const visits = names(round).map(async ([repository, tag]) => await visit(url, repository, tag));
    // oxlint-disable-next-line no-await-in-loop
    await pause(Math.random() * 400);
    // oxlint-disable-next-line no-await-in-loop
    await kill();
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all(visits);
    // oxlint-disable-next-line no-await-in-loop
    await assertWhole(directoryStorage({ path }), (name) => !name.startsWith("mirror/"));
  }
  const { host } = await serveDemand(t, { storage: directoryStorage({ path }) });
  for (let round = 0; round < rounds; round += 1) {
    for (const [repository, tag] of names(round)) {
      // oxlint-disable-next-line no-await-in-loop
      await pull(`${host}/${repository}:${tag}`);
    }
  }
  const tags = await assertWhole(directoryStorage({ path }), () => true);
  assert.equal(tags, rounds * 3 + 2);
});
