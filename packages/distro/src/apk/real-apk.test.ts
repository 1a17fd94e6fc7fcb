import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { extract } from "@cooper/oci";
import {
  apkDirectory,
  type MadeApk,
  makeApk,
  requireProgram,
  requireRoot,
  run,
  temporaryDirectory,
} from "@cooper/test";
import { unpackTar } from "@cooper/archive";
import { imageOfPackages } from "../image/package-image.ts";
import { repositoryOf, solveFor } from "./apk.fixture.ts";

/** Everything that a package can have, as far as apk's database tells. */
function packages(): readonly MadeApk[] {
  return [
    makeApk({
      name: "base",
      info: ["replaces_priority = 5", "provides = cmd:x=1 y"],
      record: ["p:cmd:x=1 y"],
      files: [
        apkDirectory("etc", { mode: 0o750 }),
        { path: "etc/motd", content: "base" },
        { path: "etc/shadow", content: "root:!::0:::::\n", mode: 0o640, gid: 42 },
        apkDirectory("tmp", { mode: 0o1777 }),
        apkDirectory("usr"),
        apkDirectory("usr/bin"),
        { path: "usr/bin/tool", content: "#!/bin/sh\n", mode: 0o4755 },
        { path: "usr/bin/same", type: "1", link: "usr/bin/tool", mode: 0o4755 },
        { path: "usr/bin/alias", type: "2", link: "tool" },
        apkDirectory("usr/lib"),
        apkDirectory("usr/lib/deep"),
        { path: "usr/lib/deep/lib.so", content: "lib", uid: 7, gid: 8 },
        { path: "top", content: "" },
      ],
    }),
    makeApk({
      name: "capable",
      info: [
        "depend = base",
        "replaces = base<2",
        "triggers = /usr/bin /usr/lib/*",
        "provider_priority = 10",
      ],
      record: ["D:base", "k:10"],
      scripts: { "post-install": "#!/bin/sh\nexit 1\n", trigger: "#!/bin/sh\nexit 1\n" },
      files: [
        apkDirectory("etc", { mode: 0o700 }),
        { path: "etc/motd", content: "capable" },
        apkDirectory("usr"),
        apkDirectory("usr/bin"),
        { path: "usr/bin/ping", content: "ping", mode: 0o755, xattrs: { "user.note": "attribute" } },
      ],
    }),
    makeApk({
      name: "extra",
      info: ["install_if = base capable", "origin = capable"],
      record: ["i:base capable"],
      files: [apkDirectory("etc", { mode: 0o755, uid: 3 }), { path: "etc/extra", content: "extra" }],
    }),
  ];
}

/** The fields of each package's record, without those that are the builder's own affair. */
function records(database: string): readonly (readonly string[])[] {
  return database
    .split("\n\n")
    .filter((record) => record.trim() !== "")
    .map((record) => record.split("\n").filter((line) => line !== "" && !/^[TULo]:/u.test(line)))
    .toSorted((a, b) => ((a[1] ?? "") < (b[1] ?? "") ? -1 : 1));
}

async function madeRoot(t: TestContext): Promise<{ readonly root: string; readonly repository: string }> {
  const { context, directory: repository } = await repositoryOf(t, packages());
  const solution = await solveFor(context, ["capable"]);
  const image = imageOfPackages([solution], context);
  const root = join(temporaryDirectory(t), "root");
  assert.ok(image.kind === "image");
  await unpackTar(extract(image), root, { whiteouts: "keep" });
  return { root, repository };
}

test("apk itself writes the same database for the same packages, and finds nothing to complain of", async (t) => {
  const program = requireProgram(t, "apk", "apk-tools, which Debian lacks: Alpine's own program");
  if (program === undefined || !requireRoot(t)) return;
  const { root, repository } = await madeRoot(t);
  const theirs = join(temporaryDirectory(t), "root");
  mkdirSync(theirs);
  const common = ["--arch", "x86_64", "--keys-dir", repository, "--no-network", "--no-interactive"];
  const where = ["--repositories-file", "/dev/null", "--repository", repository];
  const added = await run(program, [
    "add",
    "--initdb",
    "--no-scripts",
    "--root",
    theirs,
    ...common,
    ...where,
    "capable",
  ]);
  assert.equal(added.status, 0, added.stderr + added.stdout);
  const expected = readFileSync(join(theirs, "lib/apk/db/installed"), "utf8");
  assert.deepEqual(records(readFileSync(join(root, "lib/apk/db/installed"), "utf8")), records(expected));
  assert.equal(
    readFileSync(join(root, "lib/apk/db/triggers"), "utf8"),
    readFileSync(join(theirs, "lib/apk/db/triggers"), "utf8"),
  );
  const info = await run(program, ["info", "--root", root, ...common, "-v"]);
  assert.deepEqual(info.stdout.trim().split("\n").toSorted(), [
    "base-1.0-r0",
    "capable-1.0-r0",
    "extra-1.0-r0",
  ]);
  const audit = await run(program, ["audit", "--root", root, ...common, "--full", "--check-permissions"]);
  assert.equal(audit.stdout.replaceAll(/^[AD] (?:etc\/apk|lib)\/?.*\n/gmu, ""), "", audit.stderr);
  writeFileSync(join(root, "etc/extra"), "changed");
  const changed = await run(program, ["audit", "--root", root, ...common]);
  assert.match(changed.stdout, /^U etc\/extra$/m);
  const owner = await run(program, ["info", "--root", root, ...common, "--who-owns", "/etc/motd"]);
  assert.match(owner.stdout, /owned by capable-1\.0-r0/);
  const removed = await run(program, ["del", "--root", root, ...common, "--no-scripts", "capable"]);
  assert.equal(removed.status, 0, removed.stderr);
});
