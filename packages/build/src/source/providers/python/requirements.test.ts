import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOf } from "../../distribution/reference.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { nativePackages } from "./native.ts";
import { readProject } from "./project.ts";
import { readRequirements, requirementNames } from "./requirements.ts";

test("requirements take in those of -r and -c, relative to the file that names them", async (t) => {
  const source = await sourceOf(t, {
    "requirements.txt":
      "-r requirements/base.txt # all\n--requirement=other.txt\nFlask_Login\\\n  ==0.6 --hash=sha256:00\n",
    "requirements/base.txt": "-c constraints.txt\n\n# nothing\nDjango[argon2] >= 4 ; python_version > '3'\n",
    "requirements/constraints.txt": "numpy==1.26\n",
    "other.txt": "-r requirements.txt\n-i elsewhere\nhttps://example.test/a.whl#egg=thing\n",
  });
  assert.deepEqual(readRequirements(source, "requirements.txt"), {
    files: ["requirements.txt", "requirements/base.txt", "requirements/constraints.txt", "other.txt"],
    names: ["django", "thing", "flask-login"],
    reach: "files",
    compiled: [],
  });
});

test("what is to be compiled here has a compiler and its libraries, and the image what it loads", async (t) => {
  const from = { ecosystem: "apt", release: "bookworm" } as const;
  const packagesOf = async (text: string): Promise<Record<"build" | "run", readonly string[]>> => {
    const source = await sourceOf(t, { "requirements.txt": text });
    const { build, run } = nativePackages(readProject(source), {
      version: "3.11",
      release: "bookworm",
      from,
    });
    return {
      build: build.flatMap((need) => namesOf(from, need)),
      run: run.flatMap((need) => namesOf(from, need)),
    };
  };
  const some = await packagesOf("--no-binary=PyYAML,greenlet\npyyaml\nlxml\ngreenlet\n");
  assert.deepEqual(some.build, ["g++", "gcc", "libc6-dev", "libyaml-dev", "python3-dev"]);
  assert.deepEqual(some.run, ["libyaml-0-2"]);
  const all = await packagesOf("--no-binary :all:\nlxml\n");
  assert.deepEqual(all.run, ["libxml2", "libxslt1.1"]);
  assert.deepEqual(await packagesOf("lxml\npyyaml\n"), { build: [], run: [] });
});

test("what is installed from the source itself needs all of it", async (t) => {
  for (const line of [
    "-e .",
    ".",
    "./lib",
    "../up",
    "file:lib",
    "shop @ file:///app/shop",
    ".[web]",
    "-e ./a[b]",
  ]) {
    const source = await sourceOf(t, { "requirements.txt": `flask\n${line}\n` });
    assert.equal(readRequirements(source, "requirements.txt").reach, "source", line);
  }
});

test("a requirement's name is as the index compares it, with the server that it brings", () => {
  const cases: readonly [string, readonly string[]][] = [
    ["Zope.Interface==5", ["zope-interface"]],
    ["fastapi[standard,all]", ["fastapi", "uvicorn", "uvicorn"]],
    ["a @ git+https://example.test/a", ["a"]],
    ["--no-binary :all:", []],
    ["./a", []],
  ];
  for (const [requirement, names] of cases)
    assert.deepEqual(requirementNames(requirement), names, requirement);
});
