import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { openTestContext } from "./bench.fixture.ts";
import { readRegistries, type Registries, registryFlags } from "./registries.ts";

async function read(
  t: TestContext,
  files: { readonly user?: string; readonly global?: string },
  variables: Readonly<Record<string, string>> = {},
): Promise<Registries> {
  const home = temporaryDirectory(t);
  writeFileSync(join(home, ".npmrc"), files.user ?? "");
  writeFileSync(join(home, "global-npmrc"), files.global ?? "");
  const context = await openTestContext(t, home);
  return await readRegistries({ ...context, environment: { ...context.environment, ...variables } });
}

test("registries come from every place that npm has for its configuration, the user's before the machine's", async (t) => {
  const registries = await read(
    t,
    {
      user: "registry=https://user.test/npm\n",
      global: "registry=https://global.test/\n@own:registry=https://own.test/\n",
    },
    { "npm_config_@env:registry": "https://env.test/" },
  );
  const addressFor = (name: string): string => registries.address(registries.pathFor(name));
  assert.equal(addressFor("cow"), "https://user.test/npm/");
  assert.equal(addressFor("@own/cow"), "https://own.test/");
  assert.equal(addressFor("@env/cow"), "https://env.test/");
  assert.equal(addressFor("@other/cow"), "https://user.test/npm/");
  assert.equal(registries.pathFor("@own/cow"), "npm/@own");
  assert.equal(registries.address("npm/@gone"), "https://user.test/npm/"); // a lock of a machine with that scope
});

test("who asks is said to the address that it is for, and to no other", async (t) => {
  const registries = await read(
    t,
    {
      user: [
        "//tokens.test/:_authToken=${TOKEN}",
        "//tokens.test/deep/:_authToken = deeper ",
        '//basic.test/:_auth="YTpi"',
        "//named.test:8443/:username=cow",
        "//named.test:8443/:_password=bW9v",
        "//half.test/:username=cow",
        "; //comment.test/:_authToken=x",
        "//empty.test/:_authToken=${MISSING?}",
      ].join("\n"),
      global: "//tokens.test/:_authToken=overridden\n//global.test/:_authToken=g",
    },
    { TOKEN: "t0k", "npm_config_//variable.test/:_authToken": "v" },
  );
  const sent = (url: string): string | undefined => registries.access(url).headers["authorization"];
  assert.equal(sent("https://tokens.test/cow/-/cow.tgz"), "Bearer t0k");
  assert.equal(sent("https://tokens.test/deep/cow/-/cow.tgz"), "Bearer deeper");
  assert.equal(sent("https://tokens.test/deeper/cow"), "Bearer t0k");
  assert.equal(sent("https://basic.test/cow"), "Basic YTpi");
  assert.equal(sent("https://named.test:8443/cow"), `Basic ${Buffer.from("cow:moo").toString("base64")}`);
  assert.equal(sent("https://global.test/cow"), "Bearer g");
  assert.equal(sent("https://variable.test/cow"), "Bearer v");
  for (const host of [
    "named.test",
    "half.test",
    "comment.test",
    "empty.test",
    "tokens.test.evil",
    "tokens.test:8443",
  ]) {
    assert.equal(sent(`https://${host}/cow`), undefined, host);
  }
});

test("an option names the registry instead, and not two", async (t) => {
  assert.deepEqual(registryFlags({}), []);
  const debian = "deb https://debian.test/debian bookworm main";
  assert.deepEqual(registryFlags({ repositories: [debian, "https://npm.test/"] }), [
    "--registry=https://npm.test/",
  ]);
  assert.throws(() => registryFlags({ repositories: ["https://a.test/", "https://b.test/"] }), {
    code: "REPOSITORY_INVALID",
    kind: "usage",
  });
  const context = await openTestContext(t, temporaryDirectory(t));
  const registries = await readRegistries({ ...context, repositories: ["https://npm.test/"] });
  assert.equal(registries.address(registries.pathFor("cow")), "https://npm.test/");
});

test("a configuration that cannot be used is an error that names it", async (t) => {
  await assert.rejects(read(t, { user: "registry=file:///srv/npm\n" }), {
    code: "REPOSITORY_INVALID",
    message: /file:/,
  });
  const home = temporaryDirectory(t);
  mkdirSync(join(home, ".npmrc"));
  chmodSync(home, 0o755);
  const context = await openTestContext(t, home);
  await assert.rejects(readRegistries(context), (error: Error) => /npmrc|EISDIR/.test(error.message));
});

test("the proxies of npm's configuration count, and its exceptions; else the environment's", async (t) => {
  const proxyFor = async (user: string, url: string): Promise<string | undefined> =>
    (await read(t, { user })).access(url).proxy;
  const both = "proxy=http://a.test:1\nhttps-proxy=http://b.test:2\nnoproxy=near.test,.own.test\n";
  assert.equal(await proxyFor(both, "http://far.test/cow"), "http://a.test:1");
  assert.equal(await proxyFor(both, "https://far.test/cow"), "http://b.test:2");
  assert.equal(await proxyFor(both, "https://near.test/cow"), "direct");
  assert.equal(await proxyFor(both, "https://a.own.test/cow"), "direct");
  assert.equal(await proxyFor("proxy=http://a.test:1\n", "https://far.test/cow"), "http://a.test:1");
  assert.equal(await proxyFor("", "https://far.test/cow"), undefined);
});
