import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { requireProgram, temporaryDirectory } from "@cooper/test";
import { findProgram } from "../../host/program.ts";
import { makeStep } from "../../graph/step.ts";
import { build, contents, type Repository, repository } from "../sources.fixture.ts";
import { parsePointer } from "./large-files.ts";

const CONTENT = Buffer.from("a large file\n");
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${SHA256}\nsize ${CONTENT.length}\n`;

test("a pointer is told from a file that only looks like one", () => {
  const pointer = { sha256: SHA256, size: CONTENT.length };
  const cases: readonly [text: string, pointer: typeof pointer | undefined][] = [
    [POINTER, pointer],
    [POINTER.replace("oid", "ext-0-case sha256:aa\noid"), pointer],
    [POINTER.replace(SHA256, "none"), undefined],
    [`${POINTER}more\n`, undefined],
    [`# ${POINTER}`, undefined],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parsePointer(Buffer.from(text)), expected, text);
});

/** A repository that keeps `*.bin` with git-lfs, made without it: of the file the commit has the pointer. */
async function largeRepository(
  t: TestContext,
): Promise<{ readonly from: Repository; readonly commit: string } | undefined> {
  const from = await repository(t);
  if (from === undefined) return undefined;
  for (const key of ["clean", "smudge"]) await from.git("config", `filter.lfs.${key}`, "cat");
  await from.git("config", "filter.lfs.required", "false");
  await from.git("config", "filter.lfs.process", "");
  mkdirSync(join(from.directory, "app"));
  writeFileSync(join(from.directory, "app/.gitattributes"), "*.bin filter=lfs diff=lfs merge=lfs -text\n");
  writeFileSync(join(from.directory, "app/model.bin"), POINTER);
  writeFileSync(join(from.directory, "app/small.bin"), "small");
  return { from, commit: await from.commit() };
}

test("without git-lfs, a commit that keeps files with it is an error that names it: no pointer is in the image", async (t) => {
  const made = await largeRepository(t);
  if (made === undefined) return;
  const directory = temporaryDirectory(t);
  symlinkSync(findProgram("git") ?? "", join(directory, "git"));
  const step = makeStep({ kind: "git", url: made.from.url, commit: made.commit });
  await assert.rejects(build(join(directory, "home"), step, [], { environment: { PATH: directory } }), {
    code: "PROGRAM_MISSING",
    message: /git-lfs is not on this host, and commit \w+ keeps app\/model\.bin with it/,
    advice: "Install it: apt-get install git-lfs",
  });
});

test("where git cannot say whether a commit has large files, that is an error: no pointer is in the image", async (t) => {
  const made = await largeRepository(t);
  if (made === undefined) return;
  const directory = temporaryDirectory(t);
  const broken = `case " $* " in *" grep "*) echo "fatal: out of memory" >&2; exit 128 ;; esac`;
  const script = `#!/bin/sh\n${broken}\nexec "${findProgram("git")}" "$@"\n`;
  writeFileSync(join(directory, "git"), script, { mode: 0o755 });
  const environment = { PATH: `${directory}:${process.env["PATH"]}` };
  const step = makeStep({ kind: "git", url: made.from.url, commit: made.commit });
  await assert.rejects(build(join(directory, "home"), step, [], { environment }), {
    code: "FETCH_FAILED",
    message: /cannot read its attributes: fatal: out of memory/,
  });
});

test("a .lfsconfig that git cannot read is an error that names it", async (t) => {
  const made = await largeRepository(t);
  if (made === undefined) return;
  writeFileSync(join(made.from.directory, ".lfsconfig"), "[lfs\nurl = nowhere\n");
  const step = makeStep({ kind: "git", url: made.from.url, commit: await made.from.commit() });
  await assert.rejects(build(join(temporaryDirectory(t), "home"), step), {
    code: "FETCH_FAILED",
    message: /cannot read its \.lfsconfig: .*bad config line 1/,
  });
});

test("what git-lfs keeps is fetched with it, and checked", async (t) => {
  if (requireProgram(t, "git-lfs") === undefined) return;
  const made = await largeRepository(t);
  if (made === undefined) return;
  const home = join(temporaryDirectory(t), "home");
  const { from, commit } = made;
  const step = makeStep({ kind: "git", url: from.url, commit, directory: "app" });
  await assert.rejects(build(home, step), {
    code: "FETCH_FAILED",
    message: /git-lfs does not give model\.bin: /,
  });
  const kept = join(from.directory, ".git/lfs/objects", SHA256.slice(0, 2), SHA256.slice(2, 4), SHA256);
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, CONTENT);
  const [layer] = await build(home, step);
  const { ".gitattributes": _attributes, ...files } = await contents(layer);
  assert.deepEqual(files, {
    "model.bin": `file 644 ${CONTENT.toString()}`.trim(),
    "small.bin": "file 644 small",
  });
});

test("where no attribute gives files to git-lfs, what looks like a pointer is a file", async (t) => {
  const from = await repository(t);
  if (from === undefined) return;
  writeFileSync(join(from.directory, "example"), POINTER);
  const step = makeStep({ kind: "git", url: from.url, commit: await from.commit() });
  const [layer] = await build(join(temporaryDirectory(t), "home"), step);
  assert.deepEqual(await contents(layer), { example: `file 644 ${POINTER}`.trim() });
});
