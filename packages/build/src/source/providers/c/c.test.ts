import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { c } from "./c.ts";

const NONE = { variables: {} } as const;

/** Files, by the shape of an application. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cmake: {
    "CMakeLists.txt": [
      "cmake_minimum_required(VERSION 3.10...3.29)",
      "project(casks CXX) # the shop",
      "find_package(OpenSSL REQUIRED)",
      "find_package(Boost 1.70 REQUIRED COMPONENTS filesystem program_options)",
      "pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.80)",
      "add_executable(${PROJECT_NAME} src/main.cc)",
      "add_executable(casks_test test.cc)",
      "install(TARGETS ${PROJECT_NAME})",
    ].join("\n"),
    "src/main.cc": "int main() {}\n",
    "tests/CMakeLists.txt": "add_executable(other a.cc)\n",
  },
  "cmake-that-is-newer": {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.28)\nproject(a C)\nadd_executable(a a.c)\n",
    "a.c": "",
  },
  "cmake-that-fetches": {
    "CMakeLists.txt":
      "project(a C)\ninclude(FetchContent)\nFetchContent_Declare(b GIT_REPOSITORY b)\nadd_executable(a a.c)\n",
    "a.c": "",
  },
  meson: {
    "meson.build":
      "project('a', 'c', meson_version: '>= 0.60')\nz = dependency('zlib')\nssl = dependency('libssl', 'openssl')\nexecutable('a', 'a.c', dependencies: [z, ssl], install: true)\n",
    "a.c": "",
  },
  configure: {
    "configure.ac":
      "AC_INIT([hello], [1.0])\nAC_CHECK_LIB([z], [crc32])\nPKG_CHECK_MODULES([SSL], [openssl >= 3])\n",
    configure: "#!/bin/sh\n",
    "Makefile.am": "bin_PROGRAMS = hello\n",
    "hello.c": "",
  },
  "configure-that-is-made": { "configure.ac": "AC_INIT(hello, 1.0)\n", "hello.c": "" },
  "make-that-installs": {
    Makefile:
      "PROG = serve\nserve: serve.c\n\t$(CC) -o serve serve.c -levent\ninstall: serve\n\tinstall serve $(DESTDIR)$(PREFIX)/bin\n",
    "serve.c": "int main() { listen(0, 1); }\n",
    "www/index.html": "",
  },
  "make-alone": { Makefile: "a: a.c\n\tcc -o a a.c\n", "a.c": "" },
};

for (const [shape, files] of Object.entries(SHAPES)) {
  test(`the plan of ${shape.replaceAll("-", " ")} in C is the stored one`, async (t) => {
    assertStoredPlan(c.plan(await sourceOf(t, files), NONE), import.meta.dirname, shape);
  });
}

test("a Makefile without code of C is for those who work on the application", async (t) => {
  assert.equal(c.detect(await sourceOf(t, { Makefile: "test:\n" })), undefined);
  assert.equal(c.detect(await sourceOf(t, { Makefile: "a: a.c\n", "src/a.cpp": "" })), "Makefile");
});

test("a program that no file names can be named, and several are listed", async (t) => {
  const source = await sourceOf(t, { Makefile: "include rules.mk\n", "a.c": "" });
  assert.throws(() => c.plan(source, NONE), { code: "START_UNKNOWN" });
  assert.deepEqual(c.plan(source, { variables: { C_BIN: "a" } }).deploy.command, ["a"]);
  assert.deepEqual(c.plan(source, { ...NONE, startCommand: "b -x" }).deploy.command, ["b", "-x"]);
  const two = await sourceOf(t, {
    "CMakeLists.txt": "project(x)\nadd_executable(one a.c)\nadd_executable(two b.c)\n",
  });
  assert.throws(() => c.plan(two, NONE), { code: "START_UNKNOWN", advice: /C_BIN=NAME.*one.*two/ });
  assert.deepEqual(c.plan(two, { variables: { C_BIN: "two" } }).deploy.command, ["two"]);
});
