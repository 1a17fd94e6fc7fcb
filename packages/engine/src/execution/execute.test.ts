import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { collect, readTar } from "@cooper/archive";
import { type Layer, makeImage, validate } from "@cooper/oci";
import type { Step } from "../graph/operation.ts";
import { makeStep } from "../graph/step.ts";
import { BASE, EPOCH, PLATFORM, sh, site, SOURCE } from "./site.fixture.ts";

async function contents(layer: Layer | undefined): Promise<Record<string, string>> {
  assert.ok(layer !== undefined);
  const found: Record<string, string> = {};
  for await (const member of readTar(layer.tar())) {
    const isFile = member.type === "file";
    const content = member.content();
    found[member.path] = !isFile
      ? member.type
      : (content instanceof Uint8Array
          ? Buffer.from(content)
          : await collect(content, { limit: 1e6 })
        ).toString();
    assert.ok(member.mtime.seconds <= EPOCH, `${member.path} is newer than the epoch`);
  }
  return found;
}

test("a command's layer is what it changed, and nothing that was mounted for it", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const last = sh("mkdir -p /app; echo made > /app/file; rm /etc/removed; touch /tmp-file", [BASE], {
    network: "host",
    configuration: ["certificates", "npm"],
    mounts: [
      { kind: "cache", id: "c", target: "/root/cache", sharing: "shared" },
      { kind: "tmpfs", target: "/scratch/deep" },
    ],
  });
  const layers = await here.build(last);
  assert.equal(layers.length, 2);
  assert.deepEqual(await contents(layers[1]), {
    app: "directory",
    "app/file": "made\n",
    etc: "directory",
    "etc/.wh.removed": "",
    "tmp-file": "",
  });
  const image = makeImage({ config: PLATFORM, layers });
  assert.deepEqual(await validate(image, { depth: "full" }), []);
});

test("what was built before is not built again, and only what a change reaches is", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  writeFileSync(join(here.source, "manifest"), "1");
  writeFileSync(join(here.source, "code"), "1");
  const manifest = makeStep({ kind: "copy", copies: [{ source: "manifest", target: "app/manifest" }] }, [
    BASE,
    SOURCE,
  ]);
  const install = sh("cat /app/manifest > /installed", [manifest]);
  const all = makeStep({ kind: "copy", copies: [{ source: ".", target: "app" }] }, [install, SOURCE]);
  const last = sh("cat /app/code /installed > /built", [all]);
  const first = await here.build(last);
  assert.deepEqual(here.ran(), [
    "copy",
    "cat /app/manifest > /installed",
    "copy",
    "cat /app/code /installed > /built",
  ]);
  assert.equal((await contents(first.at(-1)))["built"], "11");

  const again = await here.build(last);
  assert.deepEqual(here.ran(), []);
  assert.deepEqual(await ids(again), await ids(first));

  writeFileSync(join(here.source, "code"), "2");
  await here.build(last);
  assert.deepEqual(here.ran(), ["copy", "cat /app/code /installed > /built"]);

  writeFileSync(join(here.source, "code"), "1");
  assert.deepEqual(await ids(await here.build(last)), await ids(first));
  assert.deepEqual(here.ran(), []);
});

test("a build without the cache gives the same layers", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  writeFileSync(join(here.source, "code"), "1");
  const copied = makeStep({ kind: "copy", copies: [{ source: ".", target: "app" }] }, [BASE, SOURCE]);
  const last = sh("mkdir /a /b; echo 1 > /b/1; ln -s /b/1 /a/link; cat /app/code > /a/code", [copied]);
  const first = await ids(await here.build(last));
  here.ran();
  assert.deepEqual(await ids(await here.build(last, { cache: "ignore" })), first);
  assert.equal(here.ran().length, 2);
});

test("steps that are the same run once, and what does not need each other runs side by side", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  // Each waits until the other has begun: one after the other they would never end.
  const meeting = { kind: "cache", id: "meeting", target: "/meet", sharing: "shared" } as const;
  const wait = (mine: string, other: string): Step =>
    sh(`touch /meet/${mine}; while ! test -e /meet/${other}; do sleep 0.05; done; touch /${mine}`, [BASE], {
      mounts: [meeting],
      limits: { time: 5 },
    });
  const [a, b, same] = [wait("a", "b"), wait("b", "a"), wait("a", "b")];
  await here.build(makeStep({ kind: "merge" }, [a, b, same]), { parallel: 2 });
  assert.equal(here.ran().length, 2);
});

test("files are copied out of what a step made, and files of the graph are written", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const built = sh("mkdir -p /out/deep; echo 1 > /out/keep; echo 2 > /out/deep/keep; echo 3 > /out/skip.map");
  const copied = makeStep(
    {
      kind: "copy",
      copies: [{ source: "/out", target: "srv", exclude: ["*.map"], owner: { uid: 7, gid: 8 } }],
    },
    [built],
  );
  const last = makeStep(
    {
      kind: "file",
      files: [
        { kind: "file", path: "/etc/motd", text: "hello\n", mode: 0o600 },
        { kind: "directory", path: "/var/lib/app", mode: 0o700 },
        { kind: "symlink", path: "/srv/link", to: "keep" },
      ],
    },
    [copied],
  );
  const layers = await here.build(last);
  assert.deepEqual(await contents(layers[0]), {
    srv: "directory",
    "srv/deep": "directory",
    "srv/deep/keep": "2\n",
    "srv/keep": "1\n",
  });
  assert.deepEqual(await contents(layers[1]), {
    "etc/motd": "hello\n",
    "var/lib/app": "directory",
    "srv/link": "symlink",
  });
  for await (const member of readTar((layers[0] as Layer).tar()))
    assert.deepEqual([member.uid, member.gid], [7, 8]);
});

test("other inputs are mounted read-only where the step wants them", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const made = sh("mkdir /data; echo 1 > /data/file");
  const mount = { kind: "input", input: 1, path: "/data", target: "/in" } as const;
  const layers = await here.build(
    sh("cat /in/file > /copy; ! touch /in/other", [BASE, made], { mounts: [mount] }),
  );
  assert.deepEqual(await contents(layers.at(-1)), { copy: "1\n" });
});

test("a cache stays from build to build, and is in no layer", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const mounts = [{ kind: "cache", id: "k", target: "/cache", sharing: "locked" }] as const;
  await here.build(sh("echo 1 >> /cache/log", [BASE], { mounts }));
  const layers = await here.build(
    sh("wc -l < /cache/log > /lines; echo 2 >> /cache/log", [BASE], { mounts }),
  );
  assert.deepEqual(await contents(layers.at(-1)), { lines: "1\n" });
});

test("a secret is there for its step only: not in the layer, the output, or anything under the home", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const secret = "swordfish-0123456789";
  const mounts = [
    { kind: "secret", id: "token", target: "/run/secrets/token", as: "file", need: "required" },
    { kind: "secret", id: "token", target: "TOKEN", as: "variable", need: "required" },
  ] as const;
  const last = sh('cat /run/secrets/token; echo "$TOKEN"; wc -c < /run/secrets/token > /length', [BASE], {
    mounts,
  });
  const layers = await here.build(last, { secrets: new Map([["token", Buffer.from(secret)]]) });
  assert.deepEqual(await contents(layers.at(-1)), { length: `${secret.length}\n` });
  assert.equal(here.output(), "******\n");
  const found = execFileSync("sh", ["-c", `grep -rl -- "${secret}" "$1" /dev/shm || true`, "sh", here.home]);
  assert.equal(found.toString(), "");
  // Another value gives no other key: the step is not run again.
  here.ran();
  await here.build(last, { secrets: new Map([["token", Buffer.from("other-value")]]) });
  assert.deepEqual(here.ran(), []);
  await assert.rejects(here.build(sh("true", [BASE], { mounts })), { code: "SECRET_MISSING" });
});

test("there is no network unless a step asks for it", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const script = "ip link > /links";
  const count = async (step: Step): Promise<number> =>
    ((await contents((await here.build(step)).at(-1)))["links"] ?? "").match(/^\d+:/gm)?.length ?? 0;
  assert.equal(await count(sh(script)), 1);
  const host = readdirSync("/sys/class/net").length;
  assert.equal(await count(sh(script, [BASE], { network: "host" })), host);
});

test("what is to be copied and is not there is an error that names it", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const copies = [{ source: "missing.txt", target: "a" }];
  await assert.rejects(here.build(makeStep({ kind: "copy", copies }, [BASE, SOURCE])), {
    code: "SOURCE_MISSING",
    message: /missing\.txt/,
  });
  await assert.rejects(here.build(makeStep({ kind: "copy", copies }, [sh("true")])), {
    code: "SOURCE_MISSING",
  });
});

async function ids(layers: readonly Layer[]): Promise<readonly string[]> {
  return await Promise.all(layers.map(async (layer) => await layer.diffId()));
}
