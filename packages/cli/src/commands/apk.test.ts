import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  apkDirectory,
  makeApk,
  makeApkSigner,
  requireProgram,
  requireRoot,
  writeApkRepository,
} from "@cooper/test";
import { type Workshop, workshop } from "../test-support/cooper.ts";
import { assertSameElsewhere } from "../test-support/elsewhere.ts";

/** A workshop with a signed repository in it: this machine's busybox, and a service with an account. */
function shop(
  t: TestContext,
  busybox: string | Uint8Array,
): Workshop & { readonly flags: readonly string[] } {
  const made = workshop(t);
  const repository = join(made.directory, "repo");
  const script = "#!/bin/sh\naddgroup -S web\nadduser -S -D -H -h /srv -s /sbin/nologin -G web web\n";
  const packages = [
    makeApk({
      name: "busybox",
      files: [
        apkDirectory("bin"),
        { path: "bin/busybox", content: busybox, mode: 0o755 },
        apkDirectory("etc"),
        apkDirectory("etc/busybox-paths.d"),
        { path: "etc/busybox-paths.d/busybox", content: "bin/sh\nbin/ls\nusr/bin/id\nbin/stat\n" },
      ],
    }),
    makeApk({
      name: "web",
      record: ["D:busybox"],
      scripts: { "pre-install": script },
      files: [apkDirectory("srv", { uid: 7, gid: 7, userName: "web", groupName: "web" })],
    }),
  ];
  writeApkRepository(repository, packages, { signer: makeApkSigner() });
  const flags = ["--repository", repository, "--keyring", repository, "--platform", "linux/amd64"];
  return { ...made, flags };
}

test("an image of apk packages runs, its links and accounts made without a script", async (t) => {
  const busybox = requireProgram(t, "busybox", "busybox-static");
  if (busybox === undefined || requireProgram(t, "runc") === undefined || !requireRoot(t)) return;
  const { cooper, flags } = shop(t, readFileSync(busybox));
  const script = "id -u web; stat -c %U:%G /srv; ls -l /bin/ls | grep -o '/bin/ls -> .*'";
  const ran = await cooper("run", "--quiet", "apk:web", ...flags, "--", "sh", "-c", script);
  assert.deepEqual([ran.status, ran.stdout], [0, "100\nweb:web\n/bin/ls -> /bin/busybox\n"], ran.stderr);
});

test("the digest is the same with one thread, elsewhere in the world, for somebody else, and without root", async (t) => {
  const { directory, answer, flags } = shop(t, "no program");
  const copy = ["copy", "--quiet", "apk:web", ...flags];
  await assertSameElsewhere(t, directory, copy, await answer(...copy, "oci:first"));
});

test("a file in apko's form is locked, and built from the lock when the repository is gone", async (t) => {
  const { directory, answer, cooper, flags } = shop(t, "no program");
  const file = join(directory, "image.yaml");
  writeFileSync(file, "contents: {packages: [web]}\naccounts: {run-as: web}\ncmd: sh -c 'echo hello'\n");
  await answer("lock", "--quiet", file, ...flags, "-o", "image.lock");
  const built = await answer("build", "--quiet", file, ...flags, "-o", "oci:first");
  rmSync(join(directory, "repo"), { recursive: true });
  const locked = ["--lockfile", "image.lock", "--offline", "--platform", "linux/amd64"];
  assert.equal(await answer("build", "--quiet", file, ...locked, "-o", "oci:second"), built);
  assert.match(await answer("inspect", "oci:second", "--json"), /"sh",\s*"-c",\s*"echo hello"/);
  writeFileSync(file, "contents: {packages: [web]}\nentry-point: {}\n");
  const wrong = await cooper("build", file, ...flags);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /image\.yaml:2:1: there is no key "entry-point" \[CONFIGURATION_INVALID\]/);
});
