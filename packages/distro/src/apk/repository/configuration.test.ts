import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { findSource, repositorySources } from "./configuration.ts";
import { trustedKeys } from "./keys.ts";
import { parseSource } from "./source.ts";

function host(t: TestContext, repositories?: string): string {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, "etc/apk/keys"), { recursive: true });
  if (repositories !== undefined) writeFileSync(join(root, "etc/apk/repositories"), repositories);
  return root;
}

const ALPINE = { COOPER_ALPINE_MIRROR: "https://mirror.test/alpine/" };

test("a release of Alpine is below the mirror that the machine names", (t) => {
  const hostRoot = host(t);
  for (const release of ["3.20", "v3.20", "3.20.3"]) {
    const sources = repositorySources(release, { environment: ALPINE, hostRoot });
    assert.deepEqual(
      sources.map((source) => [source.path, source.indexAddress("x86_64")]),
      [
        ["alpine/v3.20/main", "https://mirror.test/alpine/v3.20/main/x86_64/APKINDEX.tar.gz"],
        ["alpine/v3.20/community", "https://mirror.test/alpine/v3.20/community/x86_64/APKINDEX.tar.gz"],
      ],
    );
  }
  const [edge] = repositorySources("edge", { environment: ALPINE, hostRoot });
  assert.equal(edge?.root, "https://mirror.test/alpine/edge/main");
  const [newest] = repositorySources(undefined, { environment: ALPINE, hostRoot });
  assert.equal(newest?.path, "alpine/latest-stable/main");
});

test("the machine's own repositories are used, and their mirror for other releases", (t) => {
  const lines =
    "# mine\nhttp://own.test/pub/alpine/v3.16/main\n@edge http://own.test/pub/alpine/edge/testing # new\n";
  const hostRoot = host(t, lines);
  const own = repositorySources(undefined, { environment: {}, hostRoot });
  assert.deepEqual(
    own.map(({ path, tag }) => [path, tag]),
    [
      ["pub/alpine/v3.16/main", undefined],
      ["pub/alpine/edge/testing", "edge"],
    ],
  );
  const [other] = repositorySources("3.20", { environment: {}, hostRoot });
  assert.equal(other?.root, "http://own.test/pub/alpine/v3.20/main");
});

test("where no mirror is known, the error says how to name one", (t) => {
  const hostRoot = host(t);
  for (const [release, variable] of [
    ["3.20", "COOPER_ALPINE_MIRROR"],
    [undefined, "COOPER_ALPINE_MIRROR"],
    ["wolfi", "COOPER_WOLFI_MIRROR"],
  ] as const) {
    assert.throws(
      () => repositorySources(release, { environment: {}, hostRoot }),
      ({ code, advice }: { readonly code: string; readonly advice: string }) =>
        code === "REPOSITORY_INVALID" && advice.includes(variable),
    );
  }
  assert.throws(() => repositorySources("bookworm", { environment: ALPINE, hostRoot }), {
    code: "REPOSITORY_INVALID",
  });
  const environment = { COOPER_WOLFI_MIRROR: "https://mirror.test/os" };
  const [wolfi] = repositorySources("wolfi", { environment, hostRoot });
  assert.equal(wolfi?.path, "wolfi/os");
  assert.equal(wolfi?.indexAddress("aarch64"), "https://mirror.test/os/aarch64/APKINDEX.tar.gz");
});

test("a repository is an address, a directory, or an index by itself", (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, "repo/x86_64"), { recursive: true });
  writeFileSync(join(root, "repo/x86_64/APKINDEX.tar.gz"), "");
  mkdirSync(join(root, "flat"));
  writeFileSync(join(root, "flat/APKINDEX.tar.gz"), "");
  const rows: readonly (readonly [string, string, string])[] = [
    [join(root, "repo"), "repo", "x86_64/a.apk"],
    [`file://${root}/repo`, "repo", "x86_64/a.apk"],
    [`@tag ${root}/repo`, "repo", "x86_64/a.apk"],
    [join(root, "repo/x86_64/APKINDEX.tar.gz"), "repo", "a.apk"],
    [join(root, "flat"), "flat", "a.apk"],
    ["https://user:secret@host.test/a/b/", "a/b", "x86_64/a.apk"],
    ["https://host.test/a/x86_64/APKINDEX.tar.gz", "a/x86_64", "a.apk"],
  ];
  for (const [line, path, file] of rows) {
    const source = parseSource(line);
    assert.deepEqual([source.path, source.packagePath("x86_64", "a.apk")], [path, file], line);
  }
  for (const line of ["", "@tag", "ftp://host/x"]) {
    assert.throws(() => parseSource(line), { code: "REPOSITORY_INVALID" }, line);
  }
});

test("a lock's repository is found at another mirror by the end of its path", () => {
  const sources = ["https://one.test/mirrors/alpine/v3.20/main", "https://one.test/other"].map(parseSource);
  assert.equal(
    findSource(sources, "alpine/v3.20/main", 0).root,
    "https://one.test/mirrors/alpine/v3.20/main",
  );
  assert.throws(() => findSource(sources, "alpine/v3.19/main", 0), { code: "REPOSITORY_INVALID" });
});

test("keys are those of an option, of the environment, or of the machine", (t) => {
  const hostRoot = host(t);
  writeFileSync(join(hostRoot, "etc/apk/keys/host.rsa.pub"), "host");
  const own = temporaryDirectory(t);
  writeFileSync(join(own, "a.rsa.pub"), "a");
  writeFileSync(join(own, "README"), "no key");

  assert.deepEqual(names({ environment: {}, hostRoot }), ["host.rsa.pub"]);
  assert.deepEqual(names({ environment: { COOPER_APK_KEYS: own }, hostRoot }), ["a.rsa.pub"]);
  assert.deepEqual(names({ environment: {}, hostRoot, keyrings: [join(own, "README")] }), ["README"]);
  assert.throws(() => names({ environment: {}, hostRoot, keyrings: [join(own, "none")] }), {
    code: "KEY_INVALID",
  });
});

function names(options: Parameters<typeof trustedKeys>[0]): readonly string[] {
  return [...trustedKeys(options).keys()];
}
