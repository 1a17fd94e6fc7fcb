import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type TarInput, writeTar } from "@cooper/archive";
import { makeImage, makeLayer } from "@cooper/oci";
import { requireProgram, run, temporaryDirectory } from "@cooper/test";
import type { Step } from "../graph/operation.ts";
import { makeStep } from "../graph/step.ts";
import { BASE, PLATFORM, sh, site, textOf } from "./site.fixture.ts";

/** A real agent with one key. */
async function startAgent(
  t: TestContext,
): Promise<{ readonly socket: string; readonly key: string } | undefined> {
  const agent = requireProgram(t, "ssh-agent", "openssh-client");
  if (agent === undefined) return undefined;
  const directory = temporaryDirectory(t);
  const socket = join(directory, "agent.sock");
  const child = spawn(agent, ["-D", "-a", socket], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  await once(child.stdout, "data");
  await run("ssh-keygen", [
    "-q",
    "-t",
    "ed25519",
    "-N",
    "",
    "-C",
    "of the test",
    "-f",
    join(directory, "key"),
  ]);
  await run("ssh-add", ["-q", join(directory, "key")], { env: { SSH_AUTH_SOCK: socket } });
  return { socket, key: readFileSync(join(directory, "key.pub"), "utf8").trim() };
}

/** A program of the host and the libraries that it needs, as a layer. */
async function programLayer(name: string): Promise<readonly TarInput[]> {
  const path = (await run("sh", ["-c", `readlink -f "$(command -v ${name})"`])).stdout.trim();
  const libraries = [...(await run("ldd", [path])).stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(
    ([, file]) => file ?? "",
  );
  return [
    { path: `usr/bin/${name}`, type: "file", mode: 0o755, bytes: readFileSync(path) },
    ...libraries.map((file): TarInput => ({
      path: file.slice(1),
      type: "file",
      mode: 0o755,
      bytes: readFileSync(file),
    })),
  ];
}

test("an SSH agent is there for its step, whoever that runs as, and leaves no trace", async (t) => {
  const here = site(t);
  const agent = await startAgent(t);
  if (here === undefined || agent === undefined) return;
  const members = await programLayer("ssh-add");
  const image = makeImage({
    config: PLATFORM,
    layers: [
      ...(await here.image.layers()),
      makeLayer({ tar: () => writeTar(members), compression: "none" }),
    ],
  });
  const mounts = [{ kind: "ssh", id: "default", target: "/run/agent.sock" }] as const;
  const options = { agents: new Map([["default", agent.socket]]), openImage: async () => image };
  const last = sh("/usr/bin/ssh-add -L > /tmp-keys; echo $SSH_AUTH_SOCK >> /tmp-keys", [BASE], { mounts });
  const layers = await here.build(last, options);
  assert.equal(await textOf(layers.at(-1), "tmp-keys"), `${agent.key}\n/run/agent.sock\n`);
  const names = await here.names(layers.at(-1));
  assert.deepEqual(names, ["tmp-keys"]);
  const other = sh("/usr/bin/ssh-add -l", [BASE], { mounts, user: "1234:1234" });
  await here.build(other, options);
  assert.match(here.output(), /ED25519/);

  await assert.rejects(here.build(sh("false", [BASE], { mounts })), { code: "SECRET_MISSING" });
  // Which agent it is, and where, is in no key.
  here.ran();
  await here.build(last, { ...options, agents: new Map([["default", "/nowhere"]]) });
  assert.deepEqual(here.ran(), []);
});

test("what is in memory has the size that it may have, and is gone when the command ends", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const mounts = [{ kind: "tmpfs", target: "/scratch", size: 2 ** 20 }] as const;
  const fill = "if /bin/busybox dd if=/dev/zero of=/scratch/a bs=64k count=32 2> /why; then exit 9; fi";
  const layers = await here.build(sh(fill, [BASE], { mounts }));
  assert.match(await textOf(layers.at(-1), "why"), /No space left/);
  assert.deepEqual(await here.names(layers.at(-1)), ["why"]);
});

const CACHE = { kind: "cache", id: "k", target: "/cache" } as const;

/**
 * Steps that each note when they begin and end, in a place that all of them share. What may run beside
 * each other waits for that, for as long as a busy machine may take; what may not, long enough to be seen.
 */
function noting(names: readonly string[], sharing: "shared" | "locked" | "private"): Step {
  const log = { kind: "cache", id: "log", target: "/log", sharing: "shared" } as const;
  const others = "n=0; until [ $(wc -l < /log/all) -ge 2 ] || [ $n -ge 300 ]; do sleep 0.1; n=$((n+1)); done";
  const wait = sharing === "locked" ? "sleep 0.5" : others;
  const steps = names.map((name) =>
    sh(
      `echo ${name} >> /log/all; ls /cache | wc -l > /seen; touch /cache/${name}; ${wait}; echo ${name} >> /log/all`,
      [BASE],
      { mounts: [{ ...CACHE, sharing }, log] },
    ),
  );
  // The name is in the command: else, where the steps gave the same files, what an earlier build read is taken.
  const read = `/bin/cat /log/all > /order # ${sharing}`;
  return sh(read, [makeStep({ kind: "merge" }, steps)], { mounts: [log] });
}

test("a locked cache has one step at a time, a shared one several, and a private one is each step's own", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const order = async (sharing: "shared" | "locked" | "private"): Promise<readonly string[]> => {
    const last = noting([`${sharing}a`, `${sharing}b`], sharing);
    const text = await textOf((await here.build(last, { parallel: 2, caches: "empty" })).at(-1), "order");
    return text
      .trim()
      .split("\n")
      .map((name) => name.slice(-1));
  };
  const [first, second, third, fourth] = await order("locked");
  assert.ok(first === second && third === fourth && first !== third, "one after the other");
  for (const sharing of ["shared", "private"] as const) {
    const [one, other] = await order(sharing);
    assert.notEqual(one, other, `${sharing}: both at once`);
  }
});

test("a private cache that nobody uses any more is used again", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const mounts = [{ ...CACHE, sharing: "private" }] as const;
  await here.build(sh("touch /cache/one", [BASE], { mounts }));
  const layers = await here.build(sh("ls /cache > /seen", [BASE], { mounts }));
  assert.equal(await textOf(layers.at(-1), "seen"), "one\n");
});
