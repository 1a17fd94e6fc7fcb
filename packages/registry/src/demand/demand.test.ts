import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { temporaryDirectory } from "@cooper/test";
import { visitorOf } from "../conformance/visitor.test.ts";
import { createRegistry } from "../registry.ts";
import { directoryStorage } from "../storage/directory/directory.ts";
import { imageWith, indexWith, pull, serveDemand, startUpstream } from "./demand.fixture.ts";

interface Errors {
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

function errorOf(body: Buffer): Errors["errors"][number] {
  const { errors }: Errors = JSON.parse(body.toString());
  return errors[0] ?? assert.fail();
}

test("a name is made when it is first pulled, and is there the next time", async (t) => {
  const { host, demand } = await serveDemand(t);
  const first = await pull(`${host}/random/x:2x100k`);
  assert.deepEqual(first.layers, { amd64: 2, arm64: 2 });
  const again = await pull(`${host}/random/x:2x100k`);
  assert.equal(again.digest, first.digest);
  const byDigest = await pull(`${host}/random/x@${first.digest}`);
  assert.equal(byDigest.digest, first.digest);
  const builds = demand.builds.all().map((build) => build.status());
  assert.deepEqual(
    builds.map(({ name, state, digest }) => [name, state, digest]),
    [["random/x:2x100k", "done", first.digest]],
  );
});

test("HEAD makes what GET then gives", async (t) => {
  const serving = await serveDemand(t);
  const visitor = visitorOf(t, serving.url);
  const head = await visitor.ask("HEAD", "/v2/random/x/manifests/1x1k");
  assert.equal(head.status, 200);
  const get = await visitor.ask("GET", "/v2/random/x/manifests/1x1k");
  assert.equal(get.headers["docker-content-digest"], head.headers["docker-content-digest"]);
  assert.equal(serving.demand.builds.all().length, 1);
});

test("transforms compose, for the platforms that the registry makes", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", indexWith(["a", "b", "c"]));
  const { host } = await serveDemand(t);
  const flat = await pull(`${host}/flatten/${upstream.component}/mine/app:v1`);
  assert.deepEqual(flat.layers, { amd64: 1, arm64: 1 });
  const packed = await pull(`${host}/zstd/flatten/mirror/${upstream.component}/mine/app:v1`);
  assert.deepEqual(packed.layers, { amd64: 1, arm64: 1 });
  assert.deepEqual(packed.mediaTypes, ["application/vnd.oci.image.layer.v1.tar+zstd"]);
});

test("an image that is for none of these platforms is made for those that it is for", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a"], "riscv64"));
  const { host } = await serveDemand(t);
  const flat = await pull(`${host}/flatten/${upstream.component}/mine/app:v1`);
  assert.deepEqual(flat.layers, { riscv64: 1 });
});

test("fifty clients at once cost one build", async (t) => {
  const { host, demand } = await serveDemand(t, {
    storage: directoryStorage({ path: temporaryDirectory(t) }),
  });
  const pulled = await Promise.all(
    Array.from({ length: 50 }, async () => await pull(`${host}/random/x:2x50k`)),
  );
  assert.equal(new Set(pulled.map(({ digest }) => digest)).size, 1);
  assert.equal(demand.builds.all().length, 1);
});

test("what goes in decides, not the name: the same image is made once and shared", async (t) => {
  const upstream = await startUpstream(t);
  const { digest } = await upstream.push("mine/app:v1", imageWith(["a", "b"]));
  await upstream.push("mine/app:v2", imageWith(["a", "b"]));
  const { host, demand } = await serveDemand(t);
  const one = await pull(`${host}/flatten/${upstream.component}/mine/app:v1`);
  const blobs = upstream.log.filter((line) => line.startsWith("GET") && line.includes("/blobs/")).length;
  const two = await pull(`${host}/flatten/${upstream.component}/mine/app:v2`);
  const pinned = await pull(`${host}/flatten/${upstream.component}/mine/app__a${digest.replace(":", "__c")}`);
  const mirrored = await pull(`${host}/flatten/mirror/${upstream.component}/mine/app:v2`);
  assert.deepEqual([two.digest, pinned.digest, mirrored.digest], [one.digest, one.digest, one.digest]);
  assert.equal(
    upstream.log.filter((line) => line.startsWith("GET") && line.includes("/blobs/")).length,
    blobs,
    "no blob is read again",
  );
  const [last] = demand.builds.all();
  assert.equal(last?.status().bytes, 0);
});

test("two names of the same image that are asked for at once are one build's work", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a", "b"]));
  await upstream.push("mine/app:v2", imageWith(["a", "b"]));
  const { host, demand } = await serveDemand(t, { limits: { builds: 4 } });
  const names = ["v1", "v2", "v1", "v2"].map(
    (tag) => `${host}/flatten/${upstream.component}/mine/app:${tag}`,
  );
  const pulled = await Promise.all(names.map(async (name) => await pull(name)));
  assert.equal(new Set(pulled.map(({ digest }) => digest)).size, 1);
  const written = demand.builds.all().map((build) => build.status().bytes);
  assert.equal(written.length, 2);
  assert.equal(written.filter((bytes) => bytes > 0).length, 1);
});

test("a name that floats is looked up again; while the upstream is away it is what it was", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a"]));
  const serving = await serveDemand(t, { times: { refresh: 0, failure: 0 } });
  const name = `flatten/${upstream.component}/mine/app`;
  const before = await pull(`${serving.host}/${name}:v1`);
  await upstream.push("mine/app:v1", imageWith(["b"]));
  const after = await pull(`${serving.host}/${name}:v1`);
  assert.notEqual(after.digest, before.digest);
  assert.equal((await pull(`${serving.host}/${name}@${before.digest}`)).digest, before.digest);
  await upstream.close();
  const stale = await visitorOf(t, serving.url).ask("GET", `/v2/${name}/manifests/v1`);
  assert.equal(stale.status, 200);
  assert.equal(stale.headers["docker-content-digest"], after.digest);
  assert.match(String(stale.headers["warning"]), /299 - ".*nothing answers at .*; this is the image of 20/);
});

test("what was made is known after a restart", async (t) => {
  const path = temporaryDirectory(t);
  const before = await serveDemand(t, { storage: directoryStorage({ path }) });
  const { digest } = await pull(`${before.host}/random/x:1x1k`);
  await before.close();
  const after = await serveDemand(t, { storage: directoryStorage({ path }) });
  assert.equal((await pull(`${after.host}/random/x:1x1k`)).digest, digest);
  assert.equal(after.demand.builds.all().length, 0);
  const [made] = await after.demand.ledger.latest();
  assert.equal(made?.repository, "random/x");
  assert.equal(made?.tag, "1x1k");
  assert.equal(made?.digest, digest);
});

test("a digest whose image was taken away is made again", async (t) => {
  const { host, storage, url } = await serveDemand(t);
  const { digest } = await pull(`${host}/random/x:1x1k`);
  const visitor = visitorOf(t, url);
  const index: { manifests: { digest: string }[] } = JSON.parse(
    (await visitor.ask("GET", `/v2/random/x/manifests/${digest}`)).body.toString(),
  );
  const child = index.manifests[0]?.digest ?? assert.fail();
  for (const gone of [digest, ...index.manifests.map((one) => one.digest)]) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("DELETE", `/v2/random/x/manifests/${gone}`)).status, 202);
  }
  assert.equal(await storage.tag("random/x", "1x1k"), undefined);
  const again = await visitor.ask("GET", `/v2/random/x/manifests/${child}`);
  assert.equal(again.status, 200);
  assert.equal((await pull(`${host}/random/x:1x1k`)).digest, digest);
});

test("names that are made cannot be pushed to; all others can", async (t) => {
  const { host, url } = await serveDemand(t);
  const visitor = visitorOf(t, url);
  const refused = await visitor.ask("POST", "/v2/apt/curl/blobs/uploads/");
  assert.equal(refused.status, 403);
  assert.equal(errorOf(refused.body).code, "DENIED");
  await visitor.pushBlob("apt", Buffer.from("a repository called apt"));
  const mine = await startUpstream(t);
  await mine.push("mine/tools:1", imageWith(["a"]));
  assert.equal((await visitor.ask("GET", "/v2/mine/tools/manifests/1")).status, 404);
  assert.ok(host);
});

test("only what is in the table is made", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a"]));
  const { url } = await serveDemand(t, { makers: ["random"] });
  const visitor = visitorOf(t, url);
  assert.equal((await visitor.ask("GET", "/v2/random/x/manifests/1x1k")).status, 200);
  const names = [`flatten/${upstream.component}/mine/app`, "git/example.org/a/b", "slim/random/x"];
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("GET", `/v2/${name}/manifests/v1`)).status, 404, name);
  }
  assert.deepEqual(
    upstream.log.filter((line) => /^GET .*manifests/.test(line)),
    [],
  );
  const flat = visitorOf(t, (await serveDemand(t, { makers: ["flatten"] })).url);
  const nested = await flat.ask("GET", "/v2/flatten/random/x/manifests/1x1k");
  assert.equal(nested.status, 404);
  assert.match(errorOf(nested.body).message, /nothing is made by random here/);
});

test("a wrong name is answered with what is wrong about it, and remembered for a while", async (t) => {
  const upstream = await startUpstream(t);
  const { url, demand } = await serveDemand(t);
  const visitor = visitorOf(t, url);
  const name = `flatten/${upstream.component}/mine/none`;
  for (let round = 0; round < 3; round += 1) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", `/v2/${name}/manifests/v1`);
    assert.equal(answer.status, 404);
    const { code, message } = errorOf(answer.body);
    assert.equal(code, "MANIFEST_UNKNOWN");
    assert.match(message, /mine\/none:v1 cannot be made: 127\.0\.0\.1:\d+\/mine\/none: tag v1: 404/);
  }
  assert.equal(demand.builds.all().length, 1);
  assert.equal(demand.builds.all()[0]?.status().state, "failed");
  for (const [wrong, message] of [
    ["random/x/manifests/3x", /random:x:3x cannot be made: it is not SEED:NxSIZE/],
    ["random/x__q/manifests/1x1", /"__" in "x__q" is no escape/],
    ["flatten/flatten/manifests/1", /nothing follows flatten/],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", `/v2/${wrong}`);
    assert.equal(answer.status, 404, wrong);
    assert.match(errorOf(answer.body).message, message);
  }
});

test("an upstream that is away is told in a way that clients show, and forgotten sooner", async (t) => {
  const upstream = await startUpstream(t);
  const { url } = await serveDemand(t); // before the upstream's port is free for it to take
  await upstream.close();
  const answer = await visitorOf(t, url).ask(
    "GET",
    `/v2/flatten/${upstream.component}/mine/app/manifests/v1`,
  );
  assert.equal(answer.status, 424);
  assert.equal(answer.headers["retry-after"], "5");
  assert.equal(errorOf(answer.body).code, "UNKNOWN");
  assert.match(errorOf(answer.body).message, /nothing answers at 127\.0\.0\.1/);
});

test("a build that nobody waits for any more is stopped after a while", async (t) => {
  const never = Promise.withResolvers<void>();
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a"]));
  const stuck = createRegistry({
    storage: (await serveDemand(t)).storage,
    authorize: async () => {
      await never.promise;
      return { verdict: "allow" };
    },
  });
  const listening = await stuck.listen({ graceSeconds: 0 });
  t.after(async () => {
    never.resolve();
    await listening.close();
  });
  const { url, demand } = await serveDemand(t, { times: { linger: 0.02 } });
  const controller = new AbortController();
  const asked = fetch(`${url}/v2/flatten/127.0.0.1__c${listening.port}/a/manifests/v1`, {
    signal: controller.signal,
  });
  const isUnderWay = (): boolean => demand.builds.all()[0]?.status().state === "running";
  while (!isUnderWay()) await pause(5); // oxlint-disable-line no-await-in-loop
  assert.equal(demand.builds.all()[0]?.status().waiting, 1);
  controller.abort();
  await assert.rejects(asked);
  while (isUnderWay()) await pause(5); // oxlint-disable-line no-await-in-loop
  const { state, error } = demand.builds.all()[0]?.status() ?? assert.fail();
  assert.equal(state, "stopped");
  assert.match(error ?? "", /nobody waited for it/);
});

test("one visitor can only have so much made at once", async (t) => {
  const { url } = await serveDemand(t, { limits: { perVisitor: 1, builds: 1 } });
  const answers = await Promise.all(
    Array.from(
      { length: 4 },
      async (_, at) => await visitorOf(t, url).ask("GET", `/v2/random/x${at}/manifests/1x3M`),
    ),
  );
  const statuses = answers.map(({ status }) => status).toSorted();
  assert.deepEqual(statuses, [200, 429, 429, 429]);
  const refused = answers.find(({ status }) => status === 429) ?? assert.fail();
  assert.equal(refused.headers["retry-after"], "10");
  assert.equal(errorOf(refused.body).code, "TOOMANYREQUESTS");
});

test("an image that is too large, or takes too long, is given up", async (t) => {
  const large = await serveDemand(t, { limits: { imageBytes: 100_000 } });
  const tooLarge = await visitorOf(t, large.url).ask("GET", "/v2/random/x/manifests/1x1M");
  assert.equal(tooLarge.status, 424);
  assert.match(errorOf(tooLarge.body).message, /more than 100000 bytes/);
  const slow = await serveDemand(t, { limits: { seconds: 0.001 } });
  const tooLong = await visitorOf(t, slow.url).ask("GET", "/v2/random/x/manifests/9x9M");
  assert.equal(tooLong.status, 424);
  assert.match(errorOf(tooLong.body).message, /was not made within 0.001 seconds/);
  const impatient = await serveDemand(t, { times: { wait: 0.001 } });
  const held = await visitorOf(t, impatient.url).ask("GET", "/v2/random/x/manifests/3x9M");
  assert.equal(held.status, 429);
  assert.match(errorOf(held.body).message, /is still being made/);
});

test("who may pull may not have anything made, unless that is allowed", async (t) => {
  const { url } = await serveDemand(
    t,
    {},
    {
      authorize: (_, { action }) =>
        action === "make" ? { verdict: "deny" } : { verdict: "allow", username: "anna" },
    },
  );
  const answer = await visitorOf(t, url).ask("GET", "/v2/random/x/manifests/1x1k");
  assert.equal(answer.status, 403);
  assert.match(errorOf(answer.body).message, /you may not make random\/x/);
});
