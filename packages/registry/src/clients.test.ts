import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { collect, decodePath, writeTar } from "@cooper/archive";
import { hashSync } from "bcryptjs";
import { requireProgram, requireRoot, run, startDockerd, temporaryDirectory } from "@cooper/test";
import { createTokenService } from "./auth/tokens.ts";
import { digestOf, OCI_IMAGE, OCI_INDEX } from "./conformance/visitor.test.ts";
import { createRegistry } from "./registry.ts";
import { startService } from "./serve/service.fixture.ts";
import type { RegistryOptions } from "./options.ts";
import { directoryStorage } from "./storage/directory/directory.ts";
import { memoryStorage } from "./storage/memory.ts";
import type { Storage } from "./storage/storage.ts";

const STORAGES: Readonly<Record<string, (t: TestContext) => Storage>> = {
  memory: () => memoryStorage(),
  directory: (t) => directoryStorage({ path: temporaryDirectory(t) }),
};

async function serve(t: TestContext, options: RegistryOptions): Promise<string> {
  const listening = await createRegistry(options).listen({ graceSeconds: 1 });
  t.after(async () => await listening.close());
  return `127.0.0.1:${listening.port}`;
}

/** Writes a layout of an index with images of two platforms, made by hand; gives its path. */
async function writeLayout(t: TestContext): Promise<string> {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, "blobs/sha256"), { recursive: true });
  const put = (bytes: Buffer, mediaType: string): { mediaType: string; digest: string; size: number } => {
    const digest = digestOf(bytes);
    writeFileSync(join(root, "blobs", digest.replace(":", "/")), bytes);
    return { mediaType, digest, size: bytes.byteLength };
  };
  const putJson = (value: unknown, mediaType: string): ReturnType<typeof put> =>
    put(Buffer.from(JSON.stringify(value)), mediaType);
  const tars = await Promise.all([makeTar(), makeTar()]);
  const images = tars.map((tar, at) => {
    const architecture = at === 0 ? "amd64" : "arm64";
    const layer = put(gzipSync(tar), "application/vnd.oci.image.layer.v1.tar+gzip");
    const config = putJson(
      {
        architecture,
        os: "linux",
        config: { Cmd: ["/data"] },
        rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
      },
      "application/vnd.oci.image.config.v1+json",
    );
    const image = putJson({ schemaVersion: 2, mediaType: OCI_IMAGE, config, layers: [layer] }, OCI_IMAGE);
    return { ...image, platform: { os: "linux", architecture } };
  });
  const index = putJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: images }, OCI_INDEX);
  const named = { ...index, annotations: { "org.opencontainers.image.ref.name": "v1" } };
  writeFileSync(join(root, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  writeFileSync(join(root, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  return root;
}

async function makeTar(): Promise<Buffer> {
  const member = {
    path: decodePath(Buffer.from("data")),
    type: "file",
    bytes: randomBytes(300_000),
  } as const;
  return await collect(writeTar([member]), { limit: 1_000_000 });
}

/** The digest of a layout's one image. */
function digestIn(root: string): string | undefined {
  const { manifests }: { manifests: { digest: string }[] } = JSON.parse(
    readFileSync(join(root, "index.json"), "utf8"),
  );
  return manifests[0]?.digest;
}

for (const [name, makeStorage] of Object.entries(STORAGES)) {
  test(`skopeo pushes an index and pulls it back as it was (${name})`, async (t) => {
    const skopeo = requireProgram(t, "skopeo");
    if (skopeo === undefined) return;
    const host = await serve(t, { storage: makeStorage(t), references: "stored" });
    const layout = await writeLayout(t);
    const back = temporaryDirectory(t);
    await run(skopeo, [
      "copy",
      "--all",
      "--dest-tls-verify=false",
      `oci:${layout}:v1`,
      `docker://${host}/mine/tools:1`,
    ]);
    await run(skopeo, [
      "copy",
      "--all",
      "--src-tls-verify=false",
      `docker://${host}/mine/tools:1`,
      `oci:${back}:v1`,
    ]);
    assert.equal(digestIn(back), digestIn(layout));

    // Between repositories it mounts; what was deleted is gone.
    const [from, to] = [`docker://${host}/mine/tools:1`, `docker://${host}/other/tools:2`];
    const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    await run(skopeo, ["copy", "--all", ...insecure, from, to]);
    const listed = await run(skopeo, ["list-tags", "--tls-verify=false", `docker://${host}/other/tools`]);
    assert.deepEqual(JSON.parse(listed.stdout), { Repository: `${host}/other/tools`, Tags: ["2"] });
    await run(skopeo, ["delete", "--tls-verify=false", to]);
    const gone = await run(skopeo, ["inspect", "--tls-verify=false", to], { status: "any" });
    assert.notEqual(gone.status, 0);
    assert.match(gone.stderr, /manifest unknown|has no manifest/);
  });
}

test("skopeo pushes Docker's media types, and by a token", async (t) => {
  const skopeo = requireProgram(t, "skopeo");
  if (skopeo === undefined) return;
  const tokens = createTokenService({
    authenticate: ({ username, password }) => username === "anna" && password === "word",
  });
  const host = await serve(t, { storage: memoryStorage(), tokens });
  const target = `docker://${host}/mine/tools:1`;
  const args = ["copy", "--format=v2s2", "--override-arch=arm64", "--dest-tls-verify=false"];
  const source = `oci:${await writeLayout(t)}:v1`;
  const refused = await run(skopeo, [...args, source, target], { status: "any" });
  assert.notEqual(refused.status, 0);
  await run(skopeo, [...args, "--dest-creds=anna:word", source, target]);
  const shown = await run(skopeo, ["inspect", "--raw", "--tls-verify=false", "--creds=anna:word", target]);
  const manifest: { mediaType: string; layers: { digest: string }[] } = JSON.parse(shown.stdout);
  assert.equal(manifest.mediaType, "application/vnd.docker.distribution.manifest.v2+json");
});

for (const program of ["podman", "buildah"]) {
  test(`${program} pulls an image, and pushes it back`, async (t) => {
    const [path, skopeo] = [requireProgram(t, program), requireProgram(t, "skopeo")];
    if (path === undefined || skopeo === undefined || !requireRoot(t)) return;
    const host = await serve(t, { storage: directoryStorage({ path: temporaryDirectory(t) }) });
    await run(skopeo, [
      "copy",
      "--dest-tls-verify=false",
      `oci:${await writeLayout(t)}:v1`,
      `docker://${host}/mine/tools:1`,
    ]);
    const graph = temporaryDirectory(t);
    const store = ["--root", join(graph, "root"), "--runroot", join(graph, "run"), "--storage-driver", "vfs"];
    await run(path, [...store, "pull", "--tls-verify=false", `${host}/mine/tools:1`]);
    await run(path, [
      ...store,
      "push",
      "--tls-verify=false",
      `${host}/mine/tools:1`,
      `docker://${host}/back/tools:2`,
    ]);
    const inspected = await run(skopeo, ["inspect", "--tls-verify=false", `docker://${host}/back/tools:2`]);
    const { RepoTags: tags }: { RepoTags: string[] } = JSON.parse(inspected.stdout);
    assert.deepEqual(tags, ["2"]);
  });
}

/** A user called anna, and a key to sign tokens with. */
function accessFiles(t: TestContext): { readonly authUsers: string; readonly tokenKey: string } {
  const directory = temporaryDirectory(t);
  const [authUsers, tokenKey] = [join(directory, "users"), join(directory, "key.pem")];
  writeFileSync(authUsers, `anna:${hashSync("word", 4)}\n`);
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(tokenKey, privateKey.export({ type: "pkcs8", format: "pem" }));
  return { authUsers, tokenKey };
}

test("a Docker engine pulls, pushes back, and gets only what it may", async (t) => {
  const skopeo = requireProgram(t, "skopeo");
  const engine = skopeo === undefined ? undefined : await startDockerd(t);
  if (skopeo === undefined || engine === undefined) return;
  // By tokens: with passwords alone, Docker asks for one also where everybody may pull.
  const rules = { authRules: "* pull public/**; anna all **" };
  const service = await startService(t, { ...rules, ...accessFiles(t) });
  const host = new URL(service.url).host;
  const anna = ["--dest-tls-verify=false", "--dest-creds=anna:word"];
  const source = `oci:${await writeLayout(t)}:v1`;
  await run(skopeo, ["copy", "--all", ...anna, source, `docker://${host}/public/tools:1`]);

  await engine.docker(["pull", "--quiet", `${host}/public/tools:1`]);
  await engine.docker(["tag", `${host}/public/tools:1`, `${host}/mine/tools:2`]);
  const stranger = await engine.docker(["push", `${host}/mine/tools:2`], { status: "any" });
  assert.notEqual(stranger.status, 0);
  await engine.docker(["login", "--username", "anna", "--password-stdin", host], { input: "word" });
  await engine.docker(["push", "--quiet", `${host}/mine/tools:2`]);
  await engine.docker(["image", "rm", `${host}/mine/tools:2`, `${host}/public/tools:1`]);
  await engine.docker(["pull", "--quiet", `${host}/mine/tools:2`]);
  const wrong = await engine.docker(["login", "--username", "anna", "--password-stdin", host], {
    input: "other",
    status: "any",
  });
  assert.notEqual(wrong.status, 0);
});

test("containerd pulls all platforms and pushes them back, by tokens", async (t) => {
  const [skopeo, ctr] = [requireProgram(t, "skopeo"), requireProgram(t, "ctr", "containerd")];
  const engine = skopeo === undefined || ctr === undefined ? undefined : await startDockerd(t);
  if (skopeo === undefined || ctr === undefined || engine === undefined) return;
  const service = await startService(t, accessFiles(t));
  const host = new URL(service.url).host;
  const layout = await writeLayout(t);
  const anna = ["--dest-tls-verify=false", "--dest-creds=anna:word"];
  await run(skopeo, ["copy", "--all", ...anna, `oci:${layout}:v1`, `docker://${host}/mine/tools:1`]);

  const address = engine.host
    .replace("unix://", "")
    .replace("docker.sock", "exec/containerd/containerd.sock");
  const images = async (...args: readonly string[]): Promise<unknown> =>
    await run(ctr, ["--address", address, "images", ...args]);
  const access = ["--plain-http", "--user", "anna:word"];
  await images("pull", ...access, "--all-platforms", `${host}/mine/tools:1`);
  await images("tag", `${host}/mine/tools:1`, `${host}/back/tools:2`);
  await images("push", ...access, `${host}/back/tools:2`);
  const inspected = await run(skopeo, [
    "inspect",
    "--raw",
    "--tls-verify=false",
    "--creds=anna:word",
    `docker://${host}/back/tools:2`,
  ]);
  assert.equal(digestOf(Buffer.from(inspected.stdout)), digestIn(layout));
});
