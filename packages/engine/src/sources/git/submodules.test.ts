import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startPeer, temporaryDirectory } from "@cooper/test";
import type { Step } from "../../graph/operation.ts";
import { makeStep } from "../../graph/step.ts";
import { build, contents, type Repository, repository } from "../sources.fixture.ts";
import { resolveUrl } from "./submodules.ts";

test("an address that begins with dots is one beside the repository's own, as git reads it", () => {
  const cases: readonly [base: string, url: string, resolved: string][] = [
    ["https://git.example/team/shop.git", "../lib.git", "https://git.example/team/lib.git"],
    ["https://git.example/team/shop.git/", "../../other/lib", "https://git.example/other/lib"],
    ["https://git.example/team/shop", "./lib/", "https://git.example/team/shop/lib"],
    ["https://git.example/team/shop", "./../lib", "https://git.example/team/lib"],
    ["git@git.example:team/shop.git", "../lib.git", "git@git.example:team/lib.git"],
    ["git@git.example:shop.git", "../lib.git", "git@git.example:lib.git"],
    ["https://git.example/shop", "https://else.example/lib", "https://else.example/lib"],
    ["https://git.example/shop", "git@else.example:lib", "git@else.example:lib"],
  ];
  for (const [base, url, resolved] of cases)
    assert.equal(resolveUrl(base, url), resolved, `${url} of ${base}`);
});

/** Three repositories beside each other: each has the next one as a submodule, by a relative address. */
async function chain(
  t: TestContext,
): Promise<{ readonly shop: Repository; readonly commit: string } | undefined> {
  const [shop, lib, leaf] = [await repository(t), await repository(t), await repository(t)];
  if (shop === undefined || lib === undefined || leaf === undefined) return undefined;
  const beside = temporaryDirectory(t);
  writeFileSync(join(leaf.directory, "leaf"), "first");
  const first = await leaf.commit();
  writeFileSync(join(leaf.directory, "leaf"), "second");
  await leaf.commit();
  cpSync(leaf.directory, join(beside, "leaf"), { recursive: true });
  await lib.git("submodule", "--quiet", "add", "--", `file://${beside}/leaf`, "deep/leaf");
  await lib.git("-C", "deep/leaf", "checkout", "-q", first);
  await lib.git("submodule", "set-url", "deep/leaf", "../leaf");
  await lib.commit();
  cpSync(lib.directory, join(beside, "lib"), { recursive: true });
  await shop.git("submodule", "--quiet", "add", "--", `file://${beside}/lib`, "app/lib");
  await shop.git("submodule", "set-url", "app/lib", "../lib");
  writeFileSync(join(shop.directory, "app/main"), "main");
  const commit = await shop.commit();
  cpSync(shop.directory, join(beside, "shop"), { recursive: true });
  return { shop: { ...shop, url: `file://${beside}/shop` }, commit };
}

const TREE = {
  app: "directory 755",
  "app/lib": "directory 755",
  "app/lib/deep": "directory 755",
  "app/lib/deep/leaf": "directory 755",
  "app/lib/deep/leaf/leaf": "file 644 first",
  "app/main": "file 644 main",
};

test("submodules have the files of the commits that they are pinned to, also submodules of submodules", async (t) => {
  const made = await chain(t);
  if (made === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const at = (url: string, directory?: string): Step =>
    makeStep({ kind: "git", url, commit: made.commit, directory });
  const [layer] = await build(home, at(made.shop.url));
  const { ".gitmodules": _modules, "app/lib/.gitmodules": _inner, ...files } = await contents(layer);
  assert.deepEqual(files, TREE);
  // Of a directory, those that are in it.
  const [part] = await build(home, at(made.shop.url, "/app/"));
  assert.equal((await contents(part))["lib/deep/leaf/leaf"], "file 644 first");
  // The commit names all of it: it is not fetched again, wherever it is said to be.
  const ran: string[] = [];
  await build(home, at("file:///nowhere"), ran);
  assert.deepEqual(ran, []);
});

test("a repository of the web cannot make the host's own files a submodule", async (t) => {
  const [shop, secret] = [await repository(t), await repository(t)];
  if (shop === undefined || secret === undefined) return;
  writeFileSync(join(secret.directory, "secret"), "of the host");
  await secret.commit();
  await shop.git("submodule", "--quiet", "add", "--", secret.url, "taken");
  const commit = await shop.commit();
  await shop.git("update-server-info");
  const peer = await startPeer(t, ({ path }, response) => {
    try {
      response.end(readFileSync(join(shop.directory, ".git", path.split("?")[0] ?? "")));
    } catch {
      response.writeHead(404).end();
    }
  });
  const home = join(temporaryDirectory(t), "home");
  await assert.rejects(build(home, makeStep({ kind: "git", url: peer.url, commit })), {
    code: "FETCH_FAILED",
    message: /file:.*cannot fetch it: .*transport 'file' not allowed/,
  });
  // Whoever names a repository of the host may read what it names.
  const [layer] = await build(home, makeStep({ kind: "git", url: shop.url, commit }));
  assert.equal((await contents(layer))["taken/secret"], "file 644 of the host");
});

test("a submodule that nobody names, and one with update = none, is left empty, as git leaves it", async (t) => {
  const [shop, lib] = [await repository(t), await repository(t)];
  if (shop === undefined || lib === undefined) return;
  writeFileSync(join(lib.directory, "file"), "lib");
  await lib.commit();
  await shop.git("submodule", "--quiet", "add", "--", lib.url, "unwanted");
  await shop.git("config", "-f", ".gitmodules", "submodule.unwanted.update", "none");
  mkdirSync(join(shop.directory, "stray"));
  cpSync(lib.directory, join(shop.directory, "stray"), { recursive: true });
  const commit = await shop.commit();
  const home = join(temporaryDirectory(t), "home");
  const [layer] = await build(home, makeStep({ kind: "git", url: shop.url, commit }));
  const { ".gitmodules": _modules, ...files } = await contents(layer);
  assert.deepEqual(files, { stray: "directory 755", unwanted: "directory 755" });
});

test("a submodule whose commit is gone, an address that is an option, and a file that git cannot read are errors that name them", async (t) => {
  const [shop, lib] = [await repository(t), await repository(t)];
  if (shop === undefined || lib === undefined) return;
  writeFileSync(join(lib.directory, "file"), "lib");
  const pinned = await lib.commit();
  await shop.git("submodule", "--quiet", "add", "--", lib.url, "lib");
  const commit = await shop.commit();
  rmSync(join(lib.directory, ".git"), { recursive: true });
  const home = join(temporaryDirectory(t), "home");
  await assert.rejects(build(home, makeStep({ kind: "git", url: shop.url, commit })), {
    code: "FETCH_FAILED",
    message: new RegExp(`commit ${pinned} of file://.*: cannot fetch it: `),
  });
  await shop.git("config", "-f", ".gitmodules", "submodule.lib.url", "--upload-pack=touch /tmp/x");
  const hostile = await shop.commit();
  await assert.rejects(build(home, makeStep({ kind: "git", url: shop.url, commit: hostile })), {
    code: "FETCH_FAILED",
    message: /its submodule lib has the address --upload-pack=/,
  });
  writeFileSync(join(shop.directory, ".gitmodules"), "[submodule\n");
  const broken = await shop.commit();
  await assert.rejects(build(home, makeStep({ kind: "git", url: shop.url, commit: broken })), {
    code: "FETCH_FAILED",
    message: /cannot read its \.gitmodules: .*bad config line 1/,
  });
});
