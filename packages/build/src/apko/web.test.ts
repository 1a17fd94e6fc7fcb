import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { ContextOptions, DistroEvent } from "@cooper/distro";
import {
  authority,
  makeApk,
  makeApkSigner,
  type Peer,
  startPeer,
  temporaryDirectory,
  writeApkRepository,
} from "@cooper/test";
import { buildApko, lockApko } from "./build-apko.ts";

/** A server with an authority of the test's own: a signed repository, its key as a set, and further files. */
async function site(
  t: TestContext,
  files: Readonly<Record<string, unknown>> = {},
): Promise<
  { readonly peer: Peer; readonly options: ContextOptions; readonly warnings: string[] } | undefined
> {
  const made = await authority(t);
  if (made === undefined) return undefined;
  const root = temporaryDirectory(t);
  const signer = makeApkSigner("signer.rsa.pub");
  writeApkRepository(join(root, "os"), [makeApk({ name: "a", files: [{ path: "a" }] })], { signer });
  const jwk = createPublicKey(signer.publicKey).export({ format: "jwk" });
  const texts: Readonly<Record<string, unknown>> = {
    "/os/apk-configuration": { jwks_uri: "../keys.json" },
    "/keys.json": { keys: [{ ...jwk, kid: "signer", use: "sig" }] },
    ...files,
  };
  const peer = await startPeer(
    t,
    ({ path }, response) => {
      const text = texts[path];
      if (text !== undefined) return response.end(typeof text === "string" ? text : JSON.stringify(text));
      const found = join(root, path);
      if (!existsSync(found)) response.writeHead(404);
      return response.end(existsSync(found) ? readFileSync(found) : "");
    },
    { cert: readFileSync(made.certificate), key: readFileSync(made.key) },
  );
  const warnings: string[] = [];
  const onEvent = (event: DistroEvent): void => {
    if (event.type === "warning") warnings.push(event.message);
  };
  const options = {
    environment: { SSL_CERT_FILE: made.ca },
    hostRoot: temporaryDirectory(t),
    cache: { directory: temporaryDirectory(t) },
    onEvent,
  };
  return { peer, options, warnings };
}

function file(t: TestContext, source: string): string {
  const path = join(temporaryDirectory(t), "image.yaml");
  writeFileSync(path, source);
  return path;
}

const describing = (url: string): string =>
  `contents: {repositories: ["${url}/os"], packages: [a]}\narchs: [amd64]\n`;

test("a repository's own word on its keys is taken over https where the file names none, and is told", async (t) => {
  const made = await site(t);
  if (made === undefined) return;
  const { peer, options, warnings } = made;
  const { solutions } = await lockApko(file(t, describing(peer.url)), options);
  assert.deepEqual(solutions[0]?.repositories[0]?.signedBy, ["signer.rsa.pub"]);
  assert.match(warnings.join("\n"), /^signer\.rsa\.pub is trusted on the word of 127\.0\.0\.1:\d+/);
});

test("where the file names keys, or --keyring does, a repository cannot add one of its own", async (t) => {
  const made = await site(t);
  if (made === undefined) return;
  const { peer, options } = made;
  const key = join(temporaryDirectory(t), "other.rsa.pub");
  writeFileSync(key, makeApkSigner().publicKey);
  const named = describing(peer.url).replace("{rep", `{keyring: ["${key}"], rep`);
  await assert.rejects(lockApko(file(t, named), options), { code: "KEY_UNKNOWN" });
  const given = { ...options, keyrings: [key] };
  await assert.rejects(lockApko(file(t, describing(peer.url)), given), { code: "KEY_UNKNOWN" });
  assert.ok(
    peer.log.every((line) => !line.includes("apk-configuration")),
    "it is not even asked",
  );
});

test("a repository that says nothing of its keys has none, and nonsense is refused", async (t) => {
  const rows = [
    [{ "/os/apk-configuration": undefined }, "KEY_UNKNOWN"],
    [{ "/os/apk-configuration": "<html>" }, "KEYS_INVALID"],
    [{ "/os/apk-configuration": { jwks_uri: "http://127.0.0.1/keys" } }, "KEYS_INVALID"],
    [{ "/keys.json": undefined }, "KEYS_INVALID"],
    [{ "/keys.json": { keys: [{ kid: "../x", kty: "RSA", n: "AQAB", e: "AQAB" }] } }, "KEYS_INVALID"],
    [{ "/keys.json": { keys: [{ kid: "x", kty: "EC" }] } }, "KEYS_INVALID"],
  ] as const;
  for (const [files, code] of rows) {
    // oxlint-disable-next-line no-await-in-loop
    const made = await site(t, files);
    if (made === undefined) return;
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(
      lockApko(file(t, describing(made.peer.url)), made.options),
      { code },
      JSON.stringify(files),
    );
  }
});

test("a file may go on from one on the web, and is built offline when both were there before", async (t) => {
  const made = await site(t, { "/base.yaml": "annotations: {from: web}\ncmd: run me\n" });
  if (made === undefined) return;
  const { peer, options } = made;
  const path = file(t, `include: ${peer.url}/base.yaml\n${describing(peer.url)}`);
  const lock = await lockApko(path, options);
  const digests: string[] = [];
  for (const network of ["online", "offline"] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const built = await buildApko(path, { ...options, network, lock });
    assert.ok(built.content.kind === "image");
    // oxlint-disable-next-line no-await-in-loop
    const { config } = await built.content.config();
    assert.deepEqual([config?.Cmd, config?.Labels], [["run", "me"], { from: "web" }]);
    // oxlint-disable-next-line no-await-in-loop
    digests.push(await built.content.digest());
    // oxlint-disable-next-line no-await-in-loop
    await built.close();
  }
  assert.equal(digests[0], digests[1]);
});
