import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { basicAuthorization, createRegistry, memoryStorage } from "@cooper/registry";
import type { RegistryOptions } from "@cooper/registry";
import { makeFiles, workshop } from "../test-support/cooper.ts";

/** The product's own registry, in this process. Gives `HOST:PORT`. */
async function startRegistry(t: TestContext, options: Partial<RegistryOptions> = {}): Promise<string> {
  const listening = await createRegistry({ storage: memoryStorage(), ...options }).listen({});
  t.after(async () => await listening.close());
  return `${listening.host}:${listening.port}`;
}

test("an image goes to a registry and back, is tagged, found, and deleted there", async (t) => {
  const host = await startRegistry(t);
  const { directory, answer, cooper } = workshop(t);
  makeFiles(directory, "files", { "etc/motd": "hello\n" });
  const digest = await answer("by-hand", "files", "--quiet", "-o", "oci:image:v1");
  const copied = await cooper("copy", "oci:image:v1", `docker://${host}/app:v1`);
  assert.deepEqual([copied.status, copied.stdout], [0, `${digest}\n`]);
  assert.match(copied.stderr, /^layer [0-9a-f]{12} {2}\d+ B\n$/);
  assert.match((await cooper("copy", "oci:image:v1", `docker://${host}/app:v1`)).stderr, /already there/);

  assert.equal(await answer("tag", `${host}/app:v1`, "latest"), digest);
  assert.equal(await answer("tag", `${host}/app`), "latest\nv1");
  assert.equal(await answer("cat", `${host}/app@${digest}`, "etc/motd"), "hello");
  assert.equal(
    await answer("copy", `${host}/app`, "docker-archive:app.tar:app:v1"),
    await answer("digest", "docker-archive:app.tar"),
  );

  await answer(
    "mutate",
    "oci:image:v1",
    "--subject",
    `${host}/app:v1`,
    "--time",
    "1",
    "-o",
    `docker://${host}/app:about`,
  );
  assert.match(await answer("referrers", `${host}/app:v1`), /oci\.image/);
  assert.match(await answer("tree", `${host}/app:v1`), /refers to it: /);
  await answer("copy", "--referrers", `${host}/app:v1`, "oci:copied:v1");
  assert.match(await answer("referrers", "oci:copied:v1"), /sha256:/);

  await answer("delete", `${host}/app@${digest}`);
  const gone = await cooper("digest", `${host}/app:v1`);
  assert.equal(gone.status, 1);
  assert.match(gone.stderr, /\[NOT_FOUND\]/);
});

test("all tags of a repository go to a layout, to another repository and to the store", async (t) => {
  const host = await startRegistry(t);
  const { directory, answer, cooper } = workshop(t);
  const digests: string[] = [];
  for (const name of ["v1", "v2"]) {
    makeFiles(directory, name, { "etc/version": name });
    digests.push(await answer("by-hand", name, "--quiet", "-o", `docker://${host}/app:${name}`));
  }
  await answer("tag", `${host}/app:v2`, "latest");
  const lines = `${digests[1]}  latest\n${digests[0]}  v1\n${digests[1]}  v2`;
  assert.equal(await answer("copy", "--all-tags", `${host}/app`, "oci:backup"), lines);
  assert.equal(await answer("copy", "--all-tags", "oci:backup", `docker://${host}/other/app`), lines);
  assert.equal(await answer("copy", "--all-tags", `${host}/other/app`, "store:app"), lines);
  assert.equal(await answer("digest", "store:app:v1"), digests[0]);
  assert.equal(await answer("tag", "oci:backup"), "latest\nv1\nv2");

  const one = await cooper("copy", "--all-tags", `${host}/app`, "oci-archive:all.tar");
  assert.equal(one.status, 2, one.stderr);
  await answer("tag", "oci:backup:v1", "a/b:c");
  const odd = await cooper("copy", "--all-tags", "oci:backup", `docker://${host}/third`);
  assert.equal(odd.status, 2, odd.stderr);
  assert.match(odd.stderr, /"a\/b:c" cannot be a tag/);
  assert.equal((await cooper("tag", `${host}/third`)).status, 1, "nothing was copied");
});

test("rebase without bases takes what the image says it was built on, as its tag is now", async (t) => {
  const host = await startRegistry(t);
  const { directory, answer, cooper } = workshop(t);
  for (const [name, version] of [
    ["old", "1"],
    ["new", "2"],
  ] as const) {
    makeFiles(directory, name, { "etc/version": version });
    await answer("by-hand", name, "--env", `VERSION=${version}`, "--quiet", "-o", `oci:image:${name}`);
  }
  const old = await answer("copy", "oci:image:old", `docker://${host}/base:v1`);
  makeFiles(directory, "app", { "app/tool": "tool" });
  await answer("append", `${host}/base:v1`, "app", "-o", `docker://${host}/app:plain`);
  const silent = await cooper("rebase", `${host}/app:plain`, "-o", `docker://${host}/app:moved`);
  assert.equal(silent.status, 2);
  assert.match(silent.stderr, /does not say what it was built on/);

  const notes = [`base.name=${host}/base:v1`, `base.digest=${old}`].flatMap((note) => [
    "--annotation",
    `org.opencontainers.image.${note}`,
  ]);
  await answer("mutate", `${host}/app:plain`, ...notes, "-o", `docker://${host}/app:v1`);
  await answer("copy", "oci:image:new", `docker://${host}/base:v1`);
  await answer("rebase", `${host}/app:v1`, "-o", `docker://${host}/app:v1`);
  assert.equal(await answer("cat", `${host}/app:v1`, "etc/version"), "2");
  assert.equal(await answer("cat", `${host}/app:v1`, "app/tool"), "tool");
  assert.match(await answer("inspect", "--config", `${host}/app:v1`), /VERSION=2/);
});

test("login keeps a password that the registry takes, and logout forgets it", async (t) => {
  const authorize = basicAuthorization({
    realm: "test",
    check: ({ username, password }) => username === "me" && password === "pa:ss wörd",
  });
  const host = await startRegistry(t, { authorize });
  const { directory, answer, cooper, cooperWith } = workshop(t);
  makeFiles(directory, "files", { a: "a" });
  await answer("by-hand", "files", "--quiet", "-o", "oci:image");
  const push = ["copy", "oci:image", `docker://${host}/app`];
  assert.match((await cooper(...push)).stderr, /\[UNAUTHORIZED\]/);

  const login = ["login", host, "--username", "me", "--password-stdin"];
  const wrong = await cooperWith({ input: "wrong\n" }, ...login);
  assert.equal(wrong.status, 1);
  const none = await cooperWith({ input: "\n" }, ...login);
  assert.equal(none.status, 2);
  const right = await cooperWith({ input: "pa:ss wörd\n" }, ...login);
  assert.deepEqual([right.status, right.stdout], [0, ""], right.stderr);
  const file = join(directory, "docker/config.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(host in JSON.parse(readFileSync(file, "utf8")).auths);
  await answer(...push);

  await answer("logout", host);
  assert.match((await cooper(...push)).stderr, /\[UNAUTHORIZED\]/);
  assert.doesNotMatch(right.stderr, /pa:ss/);
});
