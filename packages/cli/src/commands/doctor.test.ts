import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";

/** A small package that doctor knows and that starts nothing. */
const PACKAGE = "uidmap";
const PROGRAM = "/usr/bin/newuidmap";

const cooper = join(import.meta.dirname, "../../bin/cooper");

/**
 * Runs a script on this machine's files as they are, in a mount namespace: what it changes lies in
 * memory and is gone when it ends.
 */
function onCopyOfMachine(scratch: string, script: string): readonly string[] {
  const enter = `set -e
    mount -t tmpfs tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" "$1/root"
    for place in proc sys dev; do mount --rbind "/$place" "$1/root/$place"; done
    exec chroot "$1/root" /bin/sh -c "$2"`;
  return ["--mount", "--propagation", "private", "--", "sh", "-c", enter, "sh", scratch, script];
}

test("doctor --install brings a package that is missing, and says so before and after", async (t) => {
  if (!requireRoot(t) || requireProgram(t, "apt-get", "apt") === undefined) return;
  if (requireProgram(t, "newuidmap", PACKAGE) === undefined) return;
  const script = `
    dpkg --purge --force-depends ${PACKAGE} >&2 || exit 1
    apt-get install --yes --download-only ${PACKAGE} >&2 || exit 77
    "${cooper}" doctor; echo "status $?"
    "${cooper}" doctor --install; echo "status $?"
    test -x ${PROGRAM} && echo "it is there"`;
  const unshare = requireProgram(t, "unshare", "util-linux");
  if (unshare === undefined) return;
  const finished = await run(unshare, onCopyOfMachine(temporaryDirectory(t), script), { status: "any" });
  if (finished.status === 77) {
    t.skip(`SKIPPED: apt-get cannot fetch ${PACKAGE} here`);
    return;
  }
  assert.equal(finished.status, 0, finished.stderr);
  const [before = "", after = ""] = finished.stdout.split(/^status \d+$/m);
  assert.match(before, new RegExp(`apt-get install .*\\b${PACKAGE}\\b`), finished.stdout);
  assert.match(finished.stderr, new RegExp(`apt-get install .*\\b${PACKAGE}\\b`));
  assert.doesNotMatch(after, new RegExp(`apt-get install .*\\b${PACKAGE}\\b`));
  assert.match(finished.stdout, /it is there\n$/);
});
