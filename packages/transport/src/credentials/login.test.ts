import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { REGISTRY_ACCOUNT, startDockerRegistry, temporaryDirectory } from "@cooper/test";
import type { DockerRegistry } from "@cooper/test";
import { login, logout } from "./login.ts";
import { credentialsFor } from "./lookup.ts";

interface Scene {
  readonly registry: DockerRegistry;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly file: string;
}

async function scene(t: TestContext): Promise<Scene | undefined> {
  const registry = await startDockerRegistry(t, { auth: "basic" });
  if (registry === undefined) return undefined;
  const directory = temporaryDirectory(t);
  const environment = { HOME: directory, PATH: `${directory}:/usr/bin:/bin` };
  return { registry, directory, environment, file: join(directory, ".docker/config.json") };
}

test("login checks, then stores for its owner alone; logout forgets", async (t) => {
  const made = await scene(t);
  if (made === undefined) return;
  const { registry, environment, file } = made;
  const { host } = registry;
  const stored = await login({ host, ...REGISTRY_ACCOUNT }, { environment });
  assert.deepEqual(stored, { kind: "file", place: file });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const { credential } = await credentialsFor(host, "a/b", { environment });
  assert.deepEqual({ ...credential }, { kind: "basic", ...REGISTRY_ACCOUNT });
  assert.deepEqual(await logout(host, { environment }), [{ kind: "file", place: file }]);
  assert.equal((await credentialsFor(host, "a/b", { environment })).credential.kind, "anonymous");
  assert.deepEqual(await logout(host, { environment }), []);
});

test("a wrong password is stored nowhere and shown nowhere", async (t) => {
  const made = await scene(t);
  if (made === undefined) return;
  const { registry, environment, file } = made;
  await assert.rejects(
    login({ host: registry.host, username: "cooper", password: "hunter2!" }, { environment }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, "UNAUTHORIZED");
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /hunter2/);
      return true;
    },
  );
  assert.ok(!existsSync(file));
});

test("login keeps what else is in the file, and the file a symlink", async (t) => {
  const made = await scene(t);
  if (made === undefined) return;
  const { registry, directory, environment, file } = made;
  const { host } = registry;
  mkdirSync(join(directory, ".docker"));
  const target = join(directory, "dotfiles.json");
  const before = {
    plugins: { x: { y: "z" } },
    auths: { other: { auth: "b3RoZXI6cA==" }, [`https://${host}/v1/`]: {} },
  };
  writeFileSync(target, JSON.stringify(before), { mode: 0o644 });
  symlinkSync(target, file);
  await login({ host, ...REGISTRY_ACCOUNT }, { environment });
  assert.ok(lstatSync(file).isSymbolicLink());
  assert.equal(statSync(target).mode & 0o777, 0o600);
  const after: typeof before = JSON.parse(readFileSync(target, "utf8"));
  assert.deepEqual(after.plugins, before.plugins);
  assert.deepEqual(Object.keys(after.auths).toSorted(), [host, "other"].toSorted());
});

test("login and logout go through the helper where there is one", async (t) => {
  const made = await scene(t);
  if (made === undefined) return;
  const { registry, directory, environment, file } = made;
  const { host } = registry;
  mkdirSync(join(directory, ".docker"));
  writeFileSync(file, JSON.stringify({ credsStore: "notebook" }));
  const notebook = join(directory, "notebook");
  writeFileSync(
    join(directory, "docker-credential-notebook"),
    `#!/bin/sh
case $1 in
  store) cat > ${notebook} ;;
  get) if [ -e ${notebook} ]; then cat ${notebook}; else echo "credentials not found in native keychain"; exit 1; fi ;;
  erase) rm ${notebook} ;;
esac
`,
    { mode: 0o755 },
  );
  const stored = await login({ host, ...REGISTRY_ACCOUNT }, { environment });
  assert.deepEqual(stored, { kind: "helper", place: "docker-credential-notebook" });
  const kept: unknown = JSON.parse(readFileSync(notebook, "utf8"));
  const { username: Username, password: Secret } = REGISTRY_ACCOUNT;
  assert.deepEqual(kept, { ServerURL: host, Username, Secret });
  assert.doesNotMatch(readFileSync(file, "utf8"), /"auth":/);
  const { credential } = await credentialsFor(host, "a", { environment });
  assert.deepEqual({ ...credential }, { kind: "basic", ...REGISTRY_ACCOUNT });
  const removed = await logout(host, { environment });
  assert.deepEqual(
    removed.map(({ kind }) => kind),
    ["file", "helper"],
  );
  assert.ok(!existsSync(notebook));
});

test("REGISTRY_AUTH_FILE is where login writes when it is set", async (t) => {
  const made = await scene(t);
  if (made === undefined) return;
  const { registry, directory, file } = made;
  const named = join(directory, "deep/er/auth.json");
  const environment = { ...made.environment, REGISTRY_AUTH_FILE: named };
  const stored = await login({ host: registry.host, ...REGISTRY_ACCOUNT }, { environment });
  assert.equal(stored.place, named);
  assert.ok(!existsSync(file));
});
