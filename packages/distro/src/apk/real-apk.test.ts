import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
import { apkData } from "./alpine.fixture.ts";
import { auditRoot } from "./audit.fixture.ts";
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

async function madeRoot(
  t: TestContext,
  made: readonly MadeApk[] = packages(),
  name: string = "capable",
): Promise<{ readonly root: string; readonly repository: string }> {
  const { context, directory: repository } = await repositoryOf(t, made);
  const solution = await solveFor(context, [name]);
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

test("an audit of contents, owners, modes and links finds nothing, and each thing that is changed", async (t) => {
  if (!requireRoot(t)) return;
  const { root } = await madeRoot(t);
  assert.deepEqual(auditRoot(root), []);
  writeFileSync(join(root, "etc/extra"), "changed");
  chmodSync(join(root, "usr/bin/tool"), 0o755);
  chownSync(join(root, "usr/lib/deep/lib.so"), 7, 9);
  chmodSync(join(root, "tmp"), 0o777);
  rmSync(join(root, "top"));
  rmSync(join(root, "usr/bin/alias"));
  symlinkSync("/tmp/tool", join(root, "usr/bin/alias"));
  writeFileSync(join(root, "usr/bin/new"), "");
  assert.deepEqual(auditRoot(root).toSorted(), [
    "A usr/bin/new",
    "M tmp",
    "M usr/bin/same", // the other name of the tool
    "M usr/bin/tool",
    "M usr/lib/deep/lib.so",
    "U etc/extra",
    "U usr/bin/alias",
    "X top",
  ]);
});

test("packages of Alpine and Wolfi are in an image as they say", async (t) => {
  const directory = apkData(t, "packages");
  if (directory === undefined || !requireRoot(t)) return;
  for (const [name, version, checksum] of [
    ["alpine-baselayout", "3.2.0-r23", "Q1LLq2qDNrS/qRnhxQ3hsY/sHbQnc="],
    ["hello-wolfi", "2.12.1-r0", "Q1j9huCmxqWKDR+abKskcY8e/aZMo="],
  ] as const) {
    const file = `${name}-${version}.apk`;
    const bytes = readFileSync(join(directory, file));
    const record = `C:${checksum}\nP:${name}\nV:${version}\nA:x86_64\nS:${bytes.length}\nI:${bytes.length}\n\n`;
    // oxlint-disable-next-line no-await-in-loop
    const { root } = await madeRoot(t, [{ bytes, checksum, file, record }], name);
    assert.deepEqual(
      auditRoot(root).filter((line) => !MADE.test(line)),
      [],
      name,
    );
  }
});

/** What belongs to the whole and no package has; baselayout's script makes a group. */
const MADE = /^A (?:etc\/(?:group|ssl)|usr\/local)(?:\/|$)/u;
