import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { DistroEvent } from "../../ecosystem/event.ts";
import { apk } from "../apk.ts";
import { failure, type RootMember, repositoryOf, rootOf, solveFor, testSigner } from "../apk.fixture.ts";
import { apkDirectory, makeApk, type ApkContent } from "@cooper/test";

interface Made {
  readonly root: ReadonlyMap<string, RootMember>;
  readonly warnings: readonly string[];
}

async function made(t: TestContext, ...packages: readonly ApkContent[]): Promise<Made> {
  const warnings: string[] = [];
  const { context } = await repositoryOf(
    t,
    packages.map((one) => makeApk(one, testSigner())),
    {
      onEvent: (event: DistroEvent) => {
        if (event.type === "warning") warnings.push(`${event.subject}: ${event.message}`);
      },
    },
  );
  const solution = await solveFor(
    context,
    packages.map(({ name }) => name),
  );
  return { root: await rootOf(solution, context), warnings };
}

async function refused(t: TestContext, ...packages: readonly ApkContent[]): Promise<string> {
  const { context } = await repositoryOf(
    t,
    packages.map((one) => makeApk(one)),
  );
  const solution = await solveFor(
    context,
    packages.map(({ name }) => name),
  );
  return await failure(async () => await apk.assemble(solution, context));
}

const files = (content: string, mode = 0o644): ApkContent["files"] => [{ path: "etc/both", content, mode }];

test("two packages may not have different files under one path", async (t) => {
  assert.equal(
    await refused(t, { name: "a", files: files("a") ?? [] }, { name: "b", files: files("b") ?? [] }),
    "PACKAGE_CONFLICT: a-1.0-r0 and b-1.0-r0 both have etc/both, and neither replaces the other",
  );
  assert.match(
    await refused(
      t,
      { name: "a", files: files("a") ?? [] },
      { name: "b", files: [apkDirectory("etc/both")] },
    ),
    /^PACKAGE_CONFLICT: a-1\.0-r0 has etc\/both as a file, and b-1\.0-r0 has etc\/both as a directory/,
  );
  const link = [{ path: "lib", type: "2", link: "usr/lib" }];
  assert.match(
    await refused(t, { name: "a", files: link }, { name: "b", files: [{ path: "lib/b" }] }),
    /^PACKAGE_CONFLICT: a-1\.0-r0 has lib as a symlink, and b-1\.0-r0 has lib\/b as a file/,
  );
});

test("the same file in two packages is no conflict", async (t) => {
  const { root } = await made(
    t,
    { name: "a", files: files("x") ?? [] },
    { name: "b", files: files("x") ?? [] },
  );
  assert.equal(root.get("etc/both")?.text, "x");
  assert.equal(root.get("lib/apk/db/installed")?.text.match(/R:both/g)?.length, 1);
});

test("whose a file is that several have is settled as apk does, whichever comes first", async (t) => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["b", [], ["replaces = a"]],
    ["b", [], ["replaces = a=1.0-r0"]],
    ["b", [], ["replaces = a<2 other"]],
    ["a", ["replaces = b", "replaces_priority = 2"], ["replaces = a"]],
    ["a", ["replaces = b"], []],
    ["b", ["replaces = b"], ["replaces = a"]],
    ["b", ["origin = same"], ["origin = same"]],
  ];
  for (const [winner, a, b] of rows) {
    const { root } = await made(
      t,
      { name: "a", info: a, files: files("a") ?? [] },
      { name: "b", info: b, files: files("b") ?? [] },
    );
    assert.equal(root.get("etc/both")?.text, winner, `${a.join()} | ${b.join()}`);
    const records = (root.get("lib/apk/db/installed")?.text ?? "").split("\n\n");
    const owner = records.find((record) => record.includes("R:both"));
    assert.match(owner ?? "", new RegExp(`^P:${winner}$`, "m"));
  }
  const wrong = { name: "b", info: ["replaces = a<1"], files: files("b") ?? [] };
  assert.match(await refused(t, { name: "a", files: files("a") ?? [] }, wrong), /^PACKAGE_CONFLICT/);
});

test("a hard link that is taken over leaves the other name as it is", async (t) => {
  const { root } = await made(
    t,
    {
      name: "a",
      info: ["replaces = b", "replaces_priority = 1"],
      files: [
        { path: "first", content: "a" },
        { path: "second", type: "1", link: "first" },
      ],
    },
    { name: "b", files: [{ path: "second", content: "b" }] },
  );
  assert.deepEqual([root.get("first")?.text, root.get("second")?.text], ["a", "a"]);
});

test("a directory has the owner and mode that one package gives it, in every layer order", async (t) => {
  const { root } = await made(
    t,
    { name: "a", files: [apkDirectory("tmp", { mode: 0o1777 })] },
    { name: "b", files: [apkDirectory("tmp"), { path: "tmp/b" }] },
  );
  assert.equal(root.get("tmp")?.mode, 0o1777);
});

test("the database lies where the distribution has it, also through a link", async (t) => {
  const { root } = await made(t, {
    name: "base",
    files: [apkDirectory("usr"), apkDirectory("usr/lib"), { path: "lib", type: "2", link: "usr/lib" }],
  });
  assert.ok(root.has("usr/lib/apk/db/installed"));
  assert.equal(root.get("lib")?.type, "symlink");
  assert.equal(
    [...root.keys()].find((path) => path.startsWith("lib/")),
    undefined,
  );
});

test("world, arch and keys are there, and no mirror's address", async (t) => {
  const { root } = await made(t, { name: "b" }, { name: "a" });
  assert.equal(root.get("etc/apk/world")?.text, "a\nb\n");
  assert.equal(root.get("etc/apk/arch")?.text, "x86_64\n");
  assert.match(root.get("etc/apk/keys/test.rsa.pub")?.text ?? "", /PUBLIC KEY/);
  assert.match(root.get("etc/apk/repositories")?.text ?? "", /^# .*\n# repo\n$/);
});

test("busybox is found under all its names, from its list or from itself, and takes no other's place", async (t) => {
  const program = "\0[\0[[\0ash\0awk\0ls\0poweroff\0\0";
  const list = "bin/ash\nbin/ls\nusr/bin/awk\nsbin/poweroff\n../evil\n";
  const other = { name: "other", files: [{ path: "bin/ls", content: "its own" }] };
  for (const extra of [[], [{ path: "etc/busybox-paths.d/busybox", content: list }]]) {
    const busybox = {
      name: "busybox",
      files: [{ path: "bin/busybox", content: program, mode: 0o755 }, ...extra],
    };
    const { root } = await made(t, busybox, other);
    for (const path of ["bin/ash", "usr/bin/awk", "sbin/poweroff"]) {
      assert.equal(root.get(path)?.linkPath, "/bin/busybox", path);
    }
    assert.equal(root.get("bin/ls")?.text, "its own");
    assert.equal(root.has("../evil"), false);
  }
});

test("users and groups of the scripts are made without a shell, and own what is theirs by name", async (t) => {
  const script = `#!/bin/sh
user=web   # a variable
addgroup -S -g 82 www-data 2>/dev/null
addgroup -S $user 2>/dev/null
adduser -S -D -H -h /var/lib/web -s /sbin/nologin -G web -g "web server" $user 2>/dev/null
adduser web www-data 2>/dev/null
exit 0
`;
  const { root, warnings } = await made(
    t,
    {
      name: "baselayout",
      files: [
        { path: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\n" },
        { path: "etc/group", content: "root:x:0:root\nfirst:x:100:\n" },
        { path: "etc/shadow", content: "root:*::0:::::\n", mode: 0o640, gid: 42 },
      ],
    },
    {
      name: "web",
      scripts: { "pre-install": script },
      files: [{ path: "var/web", uid: 777, gid: 778, userName: "web", groupName: "web" }],
    },
    { name: "odd", scripts: { "post-install": "#!/bin/sh\nfind / -name x | xargs rm\n", trigger: "true" } },
  );
  assert.match(
    root.get("etc/passwd")?.text ?? "",
    /^web:x:100:101:web server:\/var\/lib\/web:\/sbin\/nologin$/m,
  );
  assert.match(root.get("etc/group")?.text ?? "", /^www-data:x:82:web\nweb:x:101:web$/m);
  assert.match(root.get("etc/shadow")?.text ?? "", /^web:!::0:99999:7:::$/m);
  assert.deepEqual([root.get("etc/shadow")?.mode, root.get("etc/shadow")?.gid], [0o640, 42]);
  assert.deepEqual([root.get("var/web")?.uid, root.get("var/web")?.gid], [100, 101]);
  assert.match(root.get("lib/apk/db/installed")?.text ?? "", /R:web\na:100:101:644/);
  assert.deepEqual(warnings, [
    "odd-1.0-r0: scripts are not run, and what its post-install and trigger would do is not done here",
  ]);
});

test("scripts and triggers are kept for apk, and none is run", async (t) => {
  const { root } = await made(t, {
    name: "a",
    info: ["triggers = /usr/lib /etc/*"],
    scripts: { trigger: "#!/bin/sh\n", "post-install": "exit 0\n" },
  });
  assert.match(root.get("lib/apk/db/triggers")?.text ?? "", /^Q1\S+ \/usr\/lib \/etc\/\*\n$/);
  assert.match(root.get("lib/apk/db/scripts.tar")?.text ?? "", /a-1\.0-r0\.Q1\S+\.trigger/);
});

test("certificates become a bundle where no package has one, and the administrator's are added", async (t) => {
  const one = "-----BEGIN CERTIFICATE-----\nONE\n-----END CERTIFICATE-----\n";
  const stock = {
    name: "ca-certificates",
    scripts: { trigger: "update-ca-certificates\n" },
    files: [
      { path: "etc/ca-certificates.conf", content: "# list\nmozilla/a.crt\n!mozilla/b.crt\n" },
      { path: "usr/share/ca-certificates/mozilla/a.crt", content: one },
      { path: "usr/share/ca-certificates/mozilla/b.crt", content: one.replace("ONE", "BAD") },
    ],
  };
  const local = {
    name: "own",
    files: [{ path: "usr/local/share/ca-certificates/own.crt", content: one.replace("ONE", "OWN") }],
  };
  const bundle = {
    name: "bundle",
    files: [{ path: "etc/ssl/certs/ca-certificates.crt", content: "SHIPPED\n" }],
  };
  const of = async (...packages: readonly ApkContent[]): Promise<string> => {
    const { root, warnings } = await made(t, ...packages);
    assert.deepEqual(warnings, []);
    return (
      root.get("etc/ssl/certs/ca-certificates.crt")?.text.replaceAll(/-----\w+ CERTIFICATE-----\n?/g, "") ??
      ""
    );
  };
  assert.equal(await of(stock), "ONE\n\n");
  assert.equal(await of(stock, local), "ONE\n\nOWN\n\n");
  assert.equal(await of(stock, bundle), "ONE\n\n");
  assert.equal(await of(bundle), "SHIPPED\n");
  assert.equal(await of(bundle, local), "SHIPPED\n\nOWN\n\n");
});
