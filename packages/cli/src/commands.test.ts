import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { freePort, run } from "@cooper/test";
import { helpOf } from "./documents.ts";
import { commandNames } from "./routes.ts";
import { SCHEMAS } from "./schemas/table.ts";
import { makeFiles, workshop } from "./test-support/cooper.ts";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

suite("every command", () => {
  for (const name of commandNames()) {
    test(`${name} says in its help what it does, its flags and an example`, async () => {
      const help = await helpOf(name);
      assert.match(help, /^USAGE\n {2}cooper /);
      assert.match(help, /EXAMPLES\n {2}# .+\n {2}cooper /);
      assert.ok(help.includes(`  cooper ${name}`));
      assert.match(help, /--quiet/);
      assert.match(help, /--verbose/);
      assert.equal(/--json/.test(help), name in SCHEMAS, "--json and a schema go together");
    });
  }
});

suite("exit status", () => {
  const cases: readonly (readonly [status: number, stderr: RegExp, args: readonly string[]])[] = [
    [0, /^$/, ["--version"]],
    [0, /^$/, ["--help"]],
    [0, /^$/, ["index", "--help"]],
    [2, /no command isnpect; did you mean `inspect`\?/, ["isnpect"]],
    [2, /no command index cretae; did you mean `create`\?/, ["index", "cretae"]],
    [2, /no command constructor/, ["constructor"]],
    [2, /did you mean --platform\?/, ["inspect", "--plaftorm", "linux", "oci:x"]],
    [2, /ref/, ["inspect"]],
    [2, /Too many arguments/, ["inspect", "a", "b"]],
    [2, /not a platform/, ["inspect", "--platform", "a/b/c/d", "oci:x"]],
    [2, /INVALID_REFERENCE/, ["inspect", "Not A Reference"]],
    [2, /exclude each other/, ["inspect", "--raw", "--json", "oci:x"]],
    [2, /nothing says where/, ["flatten", "oci:image:v1"]],
    [2, /DIRECTORY_MISSING/, ["by-hand", "missing"]],
    [2, /OPTION_INVALID/, ["by-hand", "files", "--expose", "http"]],
    [1, /cooper: inspect failed: .*\[NOT_FOUND\]/, ["inspect", "oci:missing"]],
    [1, /cooper: cat failed: .*\[PATH_MISSING\]/, ["cat", "oci:image:v1", "/missing"]],
    [1, /\[NOT_FOUND\]/, ["store", "rm", "missing"]],
  ];
  test("tells what went wrong: 0 done, 1 failed, 2 wrong usage", async (t) => {
    const { directory, answer, cooper } = workshop(t);
    makeFiles(directory, "files", { "etc/motd": "hello\n" });
    await answer("by-hand", "files", "-o", "oci:image:v1");
    for (const [status, stderr, args] of cases) {
      const finished = await cooper(...args);
      assert.equal(finished.status, status, `cooper ${args.join(" ")}\n${finished.stderr}`);
      assert.match(finished.stderr, stderr, args.join(" "));
      if (status !== 0) assert.equal(finished.stdout, "", args.join(" "));
      assert.doesNotMatch(finished.stderr, /^ {4}at /m, "a stack needs --verbose");
    }
  });

  test("is 75 for a registry that cannot be reached, and 3 for what the host lacks", async (t) => {
    const { cooper, cooperWith, directory } = workshop(t);
    const unreachable = await cooper("digest", `docker://127.0.0.1:${await freePort()}/app`);
    assert.equal(unreachable.status, 75, unreachable.stderr);
    const env = { DOCKER_HOST: `unix://${directory}/none.sock` };
    const noEngine = await cooperWith({ env }, "digest", "docker-daemon:app:v1");
    assert.equal(noEngine.status, 3, noEngine.stderr);
  });

  test("comes with causes and stack with --verbose", async (t) => {
    const { cooper } = workshop(t);
    const { stderr } = await cooper("inspect", "--verbose", "oci:missing");
    assert.match(stderr, /^ {4}at /m);
  });
});

test("an image is made, looked into, checked and exported; stdout has the answer only", async (t) => {
  const { directory, answer, cooper } = workshop(t);
  makeFiles(directory, "files", { "etc/motd": "hello\n", "bin/tool": "#!/bin/sh\n" });
  const made = await cooper(
    "by-hand",
    "files",
    "-o",
    "oci:image:v1",
    "-t",
    "hello",
    "--cmd",
    '["/bin/tool"]',
  );
  assert.match(made.stdout.trimEnd(), DIGEST);
  assert.match(made.stderr, /10\. Write oci-layout/);
  const digest = made.stdout.trimEnd();

  assert.equal(await answer("digest", "oci:image:v1"), digest);
  assert.equal(await answer("digest", "hello"), digest, "a bare name is looked up in the store first");
  assert.equal(await answer("digest", "--full-ref", "oci:image:v1"), `oci:image@${digest}`);
  assert.match(await answer("inspect", "random:g++:1x1k"), /At cooper serve +random\/g__p__p:1x1k\n/);
  assert.match(await answer("inspect", "oci:image:v1"), /Cmd +\["\/bin\/tool"\]/);
  assert.equal(JSON.parse(await answer("inspect", "--raw", "oci:image:v1")).schemaVersion, 2);
  assert.deepEqual(JSON.parse(await answer("inspect", "--config", "oci:image:v1")).config.Cmd, ["/bin/tool"]);
  assert.equal(await answer("ls", "oci:image:v1"), "bin\netc");
  assert.equal(await answer("ls", "-R", "oci:image:v1", "/etc"), "/etc\n/etc/motd");
  assert.match(
    await answer("ls", "-l", "--layers", "oci:image:v1", "etc"),
    /^0 {2}-rw-r--r-- {2}0:0 {2}6 {2}1970-01-01 00:00 {2}motd$/,
  );
  assert.equal(await answer("cat", "oci:image:v1", "/etc/motd"), "hello");
  assert.match(await answer("tree", "oci:image:v1"), /^image .*\n├── config .*\n└── layer /);
  assert.match(await answer("history", "oci:image:v1"), /cooper by-hand/);
  assert.equal(await answer("referrers", "oci:image:v1"), "");
  const valid = await cooper("validate", "oci:image:v1");
  assert.deepEqual([valid.status, valid.stdout], [0, ""]);
  await answer("export", "oci:image:v1", "rootfs.tar");
  assert.ok(readFileSync(join(directory, "rootfs.tar")).includes("etc/motd"));
  assert.equal((await cooper("digest", "--quiet", "oci:image:v1")).stderr, "");
});

test("what --json prints is as docs/schemas describes it", async (t) => {
  const { directory, answer } = workshop(t);
  makeFiles(directory, "files", { "etc/motd": "hello\n" });
  await answer("by-hand", "files", "-o", "oci:image:v1", "-t", "hello");
  await answer("index", "create", "oci:image:v1", "-o", "oci:image:all");
  makeFiles(directory, "app", { "main.py": "print(1)\n" });
  makeFiles(directory, "registry", { "blobs/.keep": "" });
  const alpine = join(import.meta.dirname, "../../../../shared/data/apk/signed-repo");
  if (!existsSync(alpine)) return t.skip(`${alpine} is not there`);
  const repository = [
    "--repository",
    join(alpine, "x86_64/APKINDEX.tar.gz"),
    "--keyring",
    join(alpine, "melange.rsa.pub"),
  ];
  const cases: readonly (readonly [name: string, args: readonly string[]])[] = [
    ["cache du", []],
    ["cache ls", []],
    ["cache prune", []],
    ["detect", ["app"]],
    ["plan", ["app"]],
    ["resolve", ["apk:replayout", "--arch", "x86_64", ...repository]],
    ["lock", ["apk:replayout", "--platform", "linux/amd64", ...repository]],
    ["registry gc", ["--data", "registry"]],
    ["digest", ["oci:image:v1"]],
    ["doctor", []],
    ["history", ["oci:image:v1"]],
    ["index list", ["oci:image:all"]],
    ["inspect", ["oci:image:v1"]],
    ["inspect", ["oci:image:all"]],
    ["ls", ["oci:image:v1", "/etc"]],
    ["referrers", ["oci:image:v1"]],
    ["store ls", []],
    ["store gc", []],
    ["store prune", []],
    ["tag", ["oci:image"]],
    ["tree", ["oci:image:all"]],
    ["validate", ["oci:image:v1"]],
  ];
  assert.deepEqual(new Set(cases.map(([name]) => name)), new Set(Object.keys(SCHEMAS)));
  for (const [name, args] of cases) {
    const printed: unknown = JSON.parse(await answer(...name.split(" "), "--json", ...args));
    const outcome = SCHEMAS[name]?.safeParse(printed);
    assert.ok(outcome?.success === true, `${name}: ${outcome?.error?.message}`);
  }
});

test("a reader that has seen enough is no fault", async (t) => {
  const { directory, answer } = workshop(t);
  makeFiles(directory, "files", { large: "cooper ".repeat(1_000_000) });
  await answer("by-hand", "files", "-o", "oci:image:v1");
  const bin = join(import.meta.dirname, "../bin/cooper");
  const finished = await run("sh", ["-c", `"$1" cat oci:image:v1 /large | head -c 6`, "sh", bin], {
    cwd: directory,
  });
  assert.deepEqual([finished.stdout, finished.stderr], ["cooper", ""]);
});

test("a validation that fails says all that is wrong, and ends with 1", async (t) => {
  const { directory, answer, cooper } = workshop(t);
  makeFiles(directory, "files", { "etc/motd": "hello\n" });
  await answer("by-hand", "files", "-o", "oci:image:v1");
  const { layers } = JSON.parse(await answer("inspect", "--raw", "oci:image:v1"));
  const path = join(directory, "image/blobs", layers[0].digest.replace(":", "/"));
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const finished = await cooper("validate", "oci:image:v1");
  assert.equal(finished.status, 1);
  assert.notEqual(finished.stdout, "");
});
