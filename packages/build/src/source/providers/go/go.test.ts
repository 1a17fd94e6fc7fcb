import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { go } from "./go.ts";

const NONE = { variables: {} } as const;
const MAIN = "package main\n\nfunc main() {}\n";
const MODULE = "module example.com/shop\n\ngo 1.26\n";
const SERVER = 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":8080", nil) }\n';
const TWO = {
  "go.mod": MODULE,
  "cmd/serve/main.go": SERVER,
  "cmd/migrate/main.go": MAIN,
  "shop.go": "package shop\n",
};

/** Files, by the shape of an application. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a-server": { "go.mod": MODULE, "main.go": SERVER, "static/a.css": "", "internal/a/a.go": "package a\n" },
  "a-workspace": {
    "go.work": "go 1.26\n\nuse (\n\t./shop // the shop\n\t./cellar\n)\n",
    "shop/go.mod": MODULE,
    "shop/cmd/server/main.go": SERVER,
    "cellar/go.mod": "module example.com/cellar\n\ngo 1.26\n",
    "cellar/cellar.go": "package cellar\n",
  },
  "several-programs": { ...TWO, Procfile: "web: serve\nrelease: migrate up\n" },
  "with-c": {
    "go.mod": `${MODULE}\nrequire github.com/mattn/go-sqlite3 v1.14.22\n`,
    "main.go": 'package main\n\n// #cgo pkg-config: libpq\n// #cgo linux LDFLAGS: -lssl -lm\nimport "C"\n',
  },
  vendored: { "go.mod": MODULE, "main.go": MAIN, "vendor/modules.txt": "# example.com/a v1.0.0\n" },
  "no-module": { "main.go": MAIN },
};

for (const [shape, files] of Object.entries(SHAPES)) {
  test(`the plan of ${shape.replaceAll("-", " ")} in Go is the stored one`, async (t) => {
    assertStoredPlan(go.plan(await sourceOf(t, files), NONE), import.meta.dirname, shape);
  });
}

test("of several programs the one that is named is built, and else the user is told their names", async (t) => {
  const source = await sourceOf(t, TWO);
  assert.throws(() => go.plan(source, NONE), {
    code: "START_UNKNOWN",
    message: /several programs/,
    advice: /GO_BIN=NAME.*migrate \(cmd\/migrate\), serve \(cmd\/serve\)/,
  });
  for (const name of ["migrate", "cmd/migrate", "./cmd/migrate/"]) {
    const { deploy, steps } = go.plan(source, { variables: { GO_BIN: name } });
    assert.deepEqual(deploy.command, ["/app/bin/migrate"]);
    assert.deepEqual(steps["build"]?.commands.length, 1);
    assert.doesNotMatch(String(steps["build"]?.commands[0]), /serve/);
  }
  assert.throws(() => go.plan(source, { variables: { GO_BIN: "shop" } }), { message: /no program shop/ });
});

test("a program at the root or with a usual name comes before others, and examples are none", async (t) => {
  const cases: readonly [Record<string, string>, string][] = [
    [{ "go.mod": MODULE, "main.go": MAIN, "cmd/tool/main.go": MAIN }, "/app/bin/shop"],
    [{ "go.mod": "module example.com/shop/v2\n", "main.go": MAIN }, "/app/bin/shop"],
    [{ "go.mod": MODULE, "cmd/api/main.go": MAIN, "cmd/tool/main.go": MAIN }, "/app/bin/api"],
    [{ "go.mod": MODULE, "cmd/shop/main.go": MAIN, "cmd/shop-key/main.go": MAIN }, "/app/bin/shop"],
    [{ "go.mod": MODULE, "daemon/main.go": MAIN, "examples/a/main.go": MAIN }, "/app/bin/daemon"],
    [{ "go.mod": MODULE, "main.go": MAIN, "generate.go": `//go:build ignore\n\n${MAIN}` }, "/app/bin/shop"],
  ];
  for (const [files, program] of cases) {
    assert.deepEqual(go.plan(await sourceOf(t, files), NONE).deploy.command, [program]); // oxlint-disable-line no-await-in-loop
  }
  const library = await sourceOf(t, { "go.mod": MODULE, "shop.go": "package shop\n" });
  assert.throws(() => go.plan(library, NONE), {
    code: "START_UNKNOWN",
    message: /nothing in it is a program/,
  });
});

test("Go's version is the one that is named, and else the last of the line that go.mod has", async (t) => {
  const cases: readonly [Record<string, string>, Record<string, string>, RegExp][] = [
    [{ "go.mod": "module a\n\ngo 1.22\n" }, {}, /go1\.22\.12\./],
    [{ "go.mod": "module a\n\ngo 1.22.3\n" }, {}, /go1\.22\.12\./],
    [{ "go.mod": "module a\n\ngo 1.22.99\n" }, {}, /go1\.22\.99\./],
    [{ "go.mod": "module a\n\ngo 1.22.3\n\ntoolchain go1.23.4\n" }, {}, /go1\.23\.12\./],
    [{ "go.mod": "module a\n\ngo 1.99\n" }, {}, /go1\.99\.0\./],
    [{ "go.mod": "module a\n\ngo 1.13\n" }, {}, /go1\.27\.4\./],
    [{ "go.mod": "module a\n" }, {}, /go1\.27\.4\./],
    [{ "go.mod": "module a\n\ngo 1.22\n", ".go-version": "1.24\n" }, {}, /go1\.24\.13\./],
    [{ "go.mod": "module a\n\ngo 1.22\n" }, { GO_VERSION: "1.26.1" }, /go1\.26\.1\./],
  ];
  for (const [files, variables, version] of cases) {
    const source = await sourceOf(t, { ...files, "main.go": MAIN }); // oxlint-disable-line no-await-in-loop
    assert.match(String(go.plan(source, { variables }).steps["toolchain"]?.commands[0]), version);
  }
  const odd = await sourceOf(t, { "go.mod": "module a\n", "main.go": MAIN, ".go-version": "2\n" });
  assert.throws(() => go.plan(odd, NONE), { code: "VERSION_UNAVAILABLE", message: /Go 2 .*1\.27\.4/ });
});

test("C is used or not as the setting says, whatever the source has", async (t) => {
  const source = await sourceOf(t, SHAPES["with-c"] ?? {});
  const without = go.plan(source, { variables: { CGO_ENABLED: "0" } });
  assert.deepEqual(without.deploy.root, []);
  assert.equal(without.steps["build"]?.environment?.["CGO_ENABLED"], "0");
  const plain = await sourceOf(t, SHAPES["a-server"] ?? {});
  const withC = go.plan(plain, { variables: { CGO_ENABLED: "1" } });
  assert.deepEqual(withC.deploy.root, ["apt:libc6/libgcc-s1/+nobase"]);
});

test("a workspace that uses what is not there, and a module without a name, are named", async (t) => {
  const workspace = await sourceOf(t, { "go.work": "use ./a\n" });
  assert.throws(() => go.plan(workspace, NONE), { code: "SOURCE_INVALID", message: /go\.work uses a/ });
  const module = await sourceOf(t, { "go.mod": "go 1.26\n" });
  assert.throws(() => go.plan(module, NONE), { code: "SOURCE_INVALID", message: /no module line/ });
});
