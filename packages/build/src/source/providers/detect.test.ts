import assert from "node:assert/strict";
import { test } from "node:test";
import { detect } from "./detect.ts";
import { planSource } from "../plan/plan-source.ts";
import { sourceOf } from "../project/source.fixture.ts";

const NONE = { variables: {} } as const;

/** Files, the providers that match in order, and how the first one would start it. */
const CASES: readonly [string, Record<string, string>, readonly string[], readonly string[] | undefined][] = [
  ["a main module", { "package.json": '{"main":"a.js"}', "a.js": "" }, ["node"], ["node", "a.js"]],
  [
    "a start script of node alone",
    { "package.json": '{"scripts":{"start":"node src/s.js"}}' },
    ["node"],
    ["node", "src/s.js"],
  ],
  [
    "a start script of a package",
    { "package.json": '{"scripts":{"start":"next start"}}' },
    ["node"],
    ["node", "/app/node_modules/.bin/next", "start"],
  ],
  ["a script", { "main.py": "" }, ["python"], ["python3", "main.py"]],
  [
    "Django with a package.json",
    {
      "manage.py": 'setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")',
      "requirements.txt": "django\ngunicorn\n",
      "shop/wsgi.py": "",
      "package.json": "{}",
    },
    ["python", "node"],
    ["gunicorn", "--worker-tmp-dir", "/dev/shm", "shop.wsgi:application"],
  ],
  [
    "pages",
    { "public/index.html": "" },
    ["static"],
    ["/usr/sbin/lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf"],
  ],
  [
    "a Procfile alone",
    { Procfile: "web: ./run --port 1\nworker: ./work" },
    ["procfile"],
    ["./run", "--port", "1"],
  ],
  [
    "a script of the shell",
    { "start.sh": "#!/bin/bash\n" },
    ["shell"],
    ["tini", "-g", "--", "bash", "start.sh"],
  ],
  [
    "a Procfile beside a language",
    { Procfile: "web: python3 x.py", "main.py": "" },
    ["python", "procfile"],
    ["python3", "x.py"],
  ],
  [
    "a module of Go with a Makefile and pages",
    {
      "go.mod": "module a.example/shop\n",
      "main.go": "package main\n",
      Makefile: "",
      "public/index.html": "",
    },
    ["go", "static"],
    ["/app/bin/shop"],
  ],
  [
    "a package of Rust that Python uses",
    { "Cargo.toml": '[package]\nname = "a"\n', "src/lib.rs": "", "pyproject.toml": "", "main.py": "" },
    ["rust", "python"],
    undefined,
  ],
  [
    "code of C that is made",
    { Makefile: "a: a.c\n\tcc -o a a.c\n", "a.c": "", "index.html": "" },
    ["c", "static"],
    ["a"],
  ],
  [
    "what is ignored",
    { ".dockerignore": "package.json", "package.json": "{}", "index.html": "" },
    ["static"],
    undefined,
  ],
  ["nothing", { "notes.txt": "" }, [], undefined],
];

for (const [name, files, providers, command] of CASES) {
  test(`the providers of ${name} are found in order, and the first one says how it starts`, async (t) => {
    const source = await sourceOf(t, files);
    assert.deepEqual(
      detect(source).map(({ provider }) => provider),
      providers,
    );
    if (command !== undefined) assert.deepEqual(planSource(source, NONE).deploy.command, command);
  });
}

test("a source that no provider knows is told what would help", async (t) => {
  const source = await sourceOf(t, { "notes.txt": "" });
  assert.throws(() => planSource(source, NONE), { code: "NO_PROVIDER", message: /nothing in .* says/ });
  assert.throws(() => planSource(source, { ...NONE, providers: ["cobol"] }), { code: "PROVIDER_UNKNOWN" });
});

test("a command that is given comes before the Procfile's, and that before the provider's", async (t) => {
  const files = {
    "package.json": '{"main":"a.js"}',
    "a.js": "",
    Procfile: "web: node b.js\nrelease: node migrate.js\nworker: node w.js",
  };
  const source = await sourceOf(t, files);
  const { deploy } = planSource(source, NONE);
  assert.deepEqual(deploy.command, ["node", "b.js"]);
  assert.deepEqual(deploy.release, ["node", "migrate.js"]);
  assert.deepEqual(deploy.processes, { web: ["node", "b.js"], worker: ["node", "w.js"] });
  assert.deepEqual(planSource(source, { ...NONE, startCommand: "node c.js" }).deploy.command, [
    "node",
    "c.js",
  ]);
});

test("a version of a language that cannot be had is an error that says what can", async (t) => {
  const source = await sourceOf(t, { "main.py": "", ".python-version": "3.8\n" });
  assert.throws(() => planSource(source, NONE), { code: "VERSION_UNAVAILABLE", message: /3\.8.*3\.11/ });
  const right = await sourceOf(t, { "main.py": "", ".python-version": "3.11\n" });
  assert.deepEqual(planSource(right, NONE).providers, ["python"]);
});

test("Node's version comes from the settings, the manifest or a file, in that order", async (t) => {
  const cases: readonly [Record<string, string>, Record<string, string>, string][] = [
    [
      { "package.json": '{"main":"a.js","engines":{"node":">=20 <23"}}', ".nvmrc": "18" },
      {},
      "npm:node=>=20 <23",
    ],
    [{ "package.json": '{"main":"a.js"}', ".nvmrc": "v22.3.0\n" }, {}, "npm:node=22.3.0"],
    [{ "package.json": '{"main":"a.js"}', ".nvmrc": "lts/*\n" }, {}, "npm:node"],
    [
      { "package.json": '{"main":"a.js"}', ".tool-versions": "python 3\nnodejs 20.1.0\n" },
      {},
      "npm:node=20.1.0",
    ],
    [{ "package.json": '{"main":"a.js"}', ".nvmrc": "18" }, { NODE_VERSION: "24" }, "npm:node=24"],
  ];
  for (const [files, variables, root] of cases) {
    const source = await sourceOf(t, { ...files, "a.js": "" });
    assert.deepEqual(planSource(source, { variables }).deploy.root, [root]);
  }
});

test("a manifest that is no JSON, and a Procfile that is none, are named with what is wrong", async (t) => {
  const broken = await sourceOf(t, { "package.json": "{" });
  assert.throws(() => planSource(broken, NONE), {
    code: "SOURCE_INVALID",
    message: /^package\.json is not JSON/,
  });
  const procfile = await sourceOf(t, { Procfile: "web node a.js" });
  assert.throws(() => planSource(procfile, NONE), { code: "SOURCE_INVALID", message: /^Procfile, line 1/ });
});
