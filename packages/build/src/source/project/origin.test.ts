import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requireProgram, run } from "@cooper/test";
import { originOf, pageOf } from "./origin.ts";
import { openSource } from "./source.ts";
import { sourceOf } from "./source.fixture.ts";

/** A remote, and its page. */
const REMOTES: readonly [string, string | undefined][] = [
  ["git@example.test:cooper/casks.git", "https://example.test/cooper/casks"],
  ["ssh://git@example.test:2222/cooper/casks.git", "https://example.test/cooper/casks"],
  ["https://user:secret@example.test/cooper/casks.git/", "https://example.test/cooper/casks"],
  ["https://example.test:8443/cooper/casks", "https://example.test:8443/cooper/casks"],
  ["/srv/git/casks.git", undefined],
  ["file:///srv/git/casks.git", undefined],
  ["", undefined],
];

for (const [remote, page] of REMOTES) {
  test(`the page of the remote ${remote || "that there is not"} is ${page ?? "none"}`, () => {
    assert.equal(pageOf(remote), page);
  });
}

test("a source is as old as the commit that changed it last, until it is changed again", async (t) => {
  const program = requireProgram(t, "git");
  if (program === undefined) return;
  const source = await sourceOf(t, { "shop/main.py": "", "other.txt": "" });
  const shop = join(source.directory, "shop");
  const home = join(source.directory, "../home");
  const env = {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_COMMITTER_DATE: "2024-01-02T03:04:05Z",
    GIT_AUTHOR_DATE: "2024-01-02T03:04:05Z",
  };
  const names = ["-c", "user.name=a", "-c", "user.email=a@example.test"];
  const git = async (...args: readonly string[]): Promise<string> =>
    (await run(program, ["-C", source.directory, ...names, ...args], { env })).stdout.trim();
  const origin = async (): ReturnType<typeof originOf> => await originOf(await openSource(shop, home));

  const { newest } = await openSource(shop, home);
  assert.deepEqual(await origin(), { seconds: newest });
  await git("init", "--quiet");
  assert.deepEqual(await origin(), { seconds: newest });
  await git("add", ".");
  await git("commit", "--quiet", "-m", "one");
  await git("tag", "v1.9.0");
  await git("tag", "v1.10.0");
  await git("remote", "add", "origin", "git@example.test:cooper/casks.git");
  const first = {
    seconds: 1_704_164_645,
    revision: await git("rev-parse", "HEAD"),
    version: "v1.10.0",
    address: "https://example.test/cooper/casks",
  };
  assert.deepEqual(await origin(), first);

  writeFileSync(join(source.directory, "other.txt"), "changed");
  await git("commit", "--quiet", "-am", "beside it");
  assert.deepEqual(await origin(), first);

  mkdirSync(join(shop, "new"));
  writeFileSync(join(shop, "new/a.py"), "");
  const changed = await openSource(shop, home);
  assert.deepEqual(await originOf(changed), { seconds: changed.newest, address: first.address });
});

test("a source is found in a work tree that is elsewhere, in a bare repository's directory, and through a link", async (t) => {
  const program = requireProgram(t, "git");
  if (program === undefined) return;
  const env = { GIT_CONFIG_GLOBAL: "/dev/null" };
  const names = ["-c", "user.name=a", "-c", "user.email=a@example.test"];
  const { directory } = await sourceOf(t, { "main/app.py": "" });
  const main = join(directory, "main");
  const git = async (...args: readonly string[]): Promise<unknown> =>
    await run(program, ["-C", main, ...names, ...args], { env });
  const revision = async (path: string): Promise<string | undefined> =>
    (await originOf(await openSource(path, join(directory, "../home")))).revision;
  await git("init", "--quiet");
  await git("add", ".");
  await git("commit", "--quiet", "-m", "one");
  const committed = await revision(main);
  assert.match(committed ?? "", /^[0-9a-f]{40}$/);

  await git("worktree", "add", "--quiet", join(directory, "tree")); // its .git is a file
  assert.equal(await revision(join(directory, "tree")), committed);
  symlinkSync("main", join(directory, "link"));
  assert.equal(await revision(join(directory, "link")), committed);
  await git("clone", "--quiet", "--bare", main, join(directory, "bare"));
  assert.equal(await revision(join(directory, "bare")), undefined); // it has no tree that could be clean
});

test("a source that names a program for git to run runs none", async (t) => {
  const program = requireProgram(t, "git");
  if (program === undefined) return;
  const source = await sourceOf(t, { "main.py": "" });
  await run(program, ["-C", source.directory, "init", "--quiet"]);
  await run(program, ["-C", source.directory, "config", "core.fsmonitor", "touch was-run; false"]);
  await originOf(source);
  assert.ok(!(await openSource(source.directory, join(source.directory, "../home"))).has("was-run"));
});
