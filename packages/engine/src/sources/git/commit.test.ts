import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import type { Step } from "../../graph/operation.ts";
import { makeStep } from "../../graph/step.ts";
import { build, contents, repository } from "../sources.fixture.ts";

/** A repository of one commit, with names and attributes that git may do something about. */
async function oddRepository(
  t: TestContext,
): Promise<
  { readonly url: string; readonly commit: string; readonly next: () => Promise<string> } | undefined
> {
  const made = await repository(t);
  if (made === undefined) return undefined;
  const { directory, url, git } = made;
  mkdirSync(join(directory, "app/deep"), { recursive: true });
  writeFileSync(join(directory, "app/file"), "$Format:%H$\r\n");
  writeFileSync(join(directory, "app/deep/run"), "#!/bin/sh\n");
  chmodSync(join(directory, "app/deep/run"), 0o755);
  symlinkSync("file", join(directory, "app/link"));
  writeFileSync(Buffer.from(`${directory}/app/odd-\xff\n`, "latin1"), "odd");
  // Neither of these changes what a commit's files are.
  writeFileSync(join(directory, ".gitattributes"), "* export-subst text eol=lf\napp/link export-ignore\n");
  const commit = await made.commit();
  return { url, commit, next: async () => await git("commit", "-q", "--allow-empty", "-m", "two") };
}

test("a commit's files are in the graph as they are in the repository: modes, links, odd names, no filters", async (t) => {
  const from = await oddRepository(t);
  if (from === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const step = makeStep({
    kind: "git",
    url: from.url,
    commit: from.commit,
    directory: "app",
  });
  const [layer] = await build(home, step);
  assert.deepEqual(await contents(layer), {
    deep: "directory 755",
    "deep/run": "file 755 #!/bin/sh",
    file: "file 644 $Format:%H$",
    link: "symlink 777 file",
    "odd-\udcff\n": "file 644 odd",
  });
});

test("a commit that was fetched is not fetched again, and an older one is found by its branch", async (t) => {
  const from = await oddRepository(t);
  if (from === undefined) return;
  await from.next();
  const home = join(temporaryDirectory(t), "home");
  const at = (url: string): Step => makeStep({ kind: "git", url, commit: from.commit });
  const ran: string[] = [];
  const [layer] = await build(home, at(from.url), ran);
  // The same commit from elsewhere is the same step, also where elsewhere is nothing.
  const [again] = await build(home, at("file:///nowhere"), ran);
  assert.equal(await again?.diffId(), await layer?.diffId());
  assert.equal(ran.length, 1);
});

test("a commit that is not there, and one that is not named whole, are errors that say so", async (t) => {
  const from = await oddRepository(t);
  if (from === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const { url } = from;
  await assert.rejects(build(home, makeStep({ kind: "git", url, commit: "0".repeat(40) })), {
    code: "FETCH_FAILED",
    message: /no branch and no tag leads to that commit/,
  });
  await assert.rejects(build(home, makeStep({ kind: "git", url, commit: from.commit, directory: "none" })), {
    code: "FETCH_FAILED",
    message: /it has no directory none/,
  });
  assert.throws(() => makeStep({ kind: "git", url, commit: "main" }), { code: "GRAPH_INVALID" });
  assert.throws(() => makeStep({ kind: "git", url: "--upload-pack=true", commit: from.commit }), {
    code: "GRAPH_INVALID",
  });
  // An address that is a program to run is none.
  await assert.rejects(
    build(home, makeStep({ kind: "git", url: "ext::touch /tmp/x", commit: from.commit })),
    {
      code: "FETCH_FAILED",
    },
  );
});
