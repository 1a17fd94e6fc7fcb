import assert from "node:assert/strict";
import { test } from "node:test";
import { detectProviders, planSource } from "./plan-source.ts";
import { openProject } from "../project/project.ts";
import { sourceOf } from "../project/source.fixture.ts";
import { join } from "node:path";

const NONE = { variables: {} } as const;
const FRONT_END = '{"scripts":{"build":"vite build"},"devDependencies":{"vite":"5"}}';

/** Files that more than one provider takes, and who starts the application and who joins in. */
const AMBIGUOUS: readonly [string, Record<string, string>, string, readonly string[]][] = [
  [
    "Django whose pages Node builds",
    { "requirements.txt": "django", "manage.py": "", "package.json": FRONT_END },
    "python",
    ["node"],
  ],
  [
    "Python beside a package.json that builds nothing",
    { "requirements.txt": "flask", "app.py": "", "package.json": "{}" },
    "python",
    [],
  ],
  ["Node with a stray script in Python", { "package.json": '{"main":"a.js"}', "main.py": "" }, "node", []],
  ["Node with an index.html", { "package.json": FRONT_END, "index.html": "" }, "node", []],
  ["Node with a start.sh", { "package.json": '{"main":"a.js"}', "start.sh": "" }, "node", []],
  ["a Procfile beside a script in Python", { Procfile: "web: python3 main.py", "main.py": "" }, "python", []],
  ["a Procfile beside pages", { Procfile: "web: ./serve", "index.html": "", serve: "" }, "procfile", []],
  ["pages with setup.py", { "setup.py": "", "main.py": "", "index.html": "" }, "python", []],
];

for (const [title, files, starts, joins] of AMBIGUOUS) {
  test(`${title}: ${[starts, ...joins].join(" with ")}`, async (t) => {
    const matches = detectProviders(await sourceOf(t, files), NONE);
    const of = (part: string): readonly string[] =>
      matches.filter((match) => match.part === part).map(({ provider }) => provider);
    assert.deepEqual([of("starts"), of("joins")], [[starts], joins]);
  });
}

test("what Node built is what Python takes for its source, and Node is not in the image", async (t) => {
  const files = { "requirements.txt": "django", "manage.py": "", "a.py": "", "package.json": FRONT_END };
  const { providers, steps, deploy } = planSource(await sourceOf(t, files), NONE);
  assert.deepEqual(providers, ["python", "node"]);
  assert.deepEqual(Object.keys(steps).toSorted(), [
    "byte-code",
    "dependencies",
    "node:build",
    "node:install",
    "node:tools",
    "python",
  ]);
  assert.equal(steps["node:build"]?.after, "node:install");
  // A change of the front end installs no package of Python's again.
  assert.deepEqual(
    steps["dependencies"]?.copies?.map(({ from }) => from),
    ["source"],
  );
  assert.deepEqual(deploy.copies.at(-1), {
    from: "node:build",
    source: "/app",
    target: "app",
    exclude: ["**/node_modules"],
  });
  assert.ok(deploy.root.every((reference) => !reference.startsWith("npm:")));
});

test("a directory of pages that a program's image gets has what Node built into it", async (t) => {
  const files = {
    "go.mod": "module shop\n\ngo 1.24\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "package.json": FRONT_END,
    "static/page.html": "",
  };
  const { providers, deploy } = planSource(await sourceOf(t, files), NONE);
  assert.deepEqual(providers, ["go", "node"]);
  const pages = deploy.copies.find(({ target }) => target === "app/static");
  assert.deepEqual([pages?.from, pages?.source], ["node:build", "/app/static"]);
});

test("a provider that builds nothing brings what it runs with", async (t) => {
  const files = {
    "package.json": '{"main":"a.js","dependencies":{"x":"1"}}',
    "a.js": "",
    "requirements.txt": "numpy",
  };
  const source = await sourceOf(t, files);
  const { deploy, steps } = planSource(source, { ...NONE, providers: ["node", "python"] });
  assert.deepEqual(deploy.command, ["node", "a.js"]);
  assert.equal(deploy.root.length, 2);
  assert.match(deploy.root[1] ?? "", /^apt:.*\bpython3\b/);
  assert.deepEqual(
    deploy.copies.map(({ from }) => from),
    ["python:byte-code", "python:dependencies", "dependencies", "source"],
  );
  assert.ok(steps["python:dependencies"] !== undefined);
  assert.equal(deploy.environment?.["PYTHONPATH"], "/app");
});

test("... among the providers that are named stands for those that are found", async (t) => {
  const files = { "package.json": '{"main":"a.js"}', "a.js": "", "requirements.txt": "numpy", "main.py": "" };
  const source = await sourceOf(t, files);
  assert.deepEqual(planSource(source, { ...NONE, providers: ["...", "node"] }).providers, ["python", "node"]);
});

test("an application that lies in the one directory that there is, is found there", async (t) => {
  const inside = await sourceOf(t, { "README.md": "", "shop/main.py": "", "shop/lib/a.py": "" });
  const home = join(inside.directory, "../home");
  const project = await openProject(inside.directory, home);
  assert.equal(project.subdirectory, "shop");
  assert.deepEqual(project.source.paths, ["lib", "lib/a.py", "main.py"]);
  const two = await sourceOf(t, { "a/main.py": "", "b/main.py": "" });
  assert.equal((await openProject(two.directory, home)).subdirectory, undefined);
  const none = await sourceOf(t, { "a/notes.txt": "" });
  assert.equal((await openProject(none.directory, home)).subdirectory, undefined);
});
