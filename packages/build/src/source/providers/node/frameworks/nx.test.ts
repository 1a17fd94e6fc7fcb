import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceOf } from "../../../project/source.fixture.ts";
import { node } from "../node.ts";

const NONE = { variables: {} } as const;
const PACKAGE = JSON.stringify({
  name: "shop",
  dependencies: { koa: "3" },
  devDependencies: { nx: "21", next: "15" },
});

/** A project of Nx: what it is built by, and with which options. */
function projectOf(executor: string, options: object, more: object = {}): string {
  const targets = { build: { executor, options } };
  return JSON.stringify({ name: "web", projectType: "application", targets, ...more });
}

const TO_DIST = { outputPath: "dist/apps/web", main: "apps/web/src/main.ts" };

/** Projects in apps/web, and what starts them; a directory where its files are served. */
const MADE: readonly [string, Readonly<Record<string, string>>, string | { readonly site: string }][] = [
  [
    "esbuild, which writes .cjs unless it is told otherwise",
    { "project.json": projectOf("@nx/esbuild:esbuild", { ...TO_DIST, format: ["cjs"] }) },
    "node dist/apps/web/main.cjs",
  ],
  [
    "esbuild with a suffix of its own",
    {
      "project.json": projectOf("@nx/esbuild:esbuild", {
        ...TO_DIST,
        format: ["cjs"],
        esbuildOptions: { outExtension: { ".js": ".js" } },
      }),
    },
    "node dist/apps/web/main.js",
  ],
  [
    "tsc, which keeps the directories",
    { "project.json": projectOf("@nx/js:tsc", { ...TO_DIST, outputPath: "dist/{projectRoot}" }) },
    "node dist/apps/web/src/main.js",
  ],
  [
    "Webpack for Node",
    { "project.json": projectOf("@nx/webpack:webpack", { ...TO_DIST, target: "node" }) },
    "node dist/apps/web/main.js",
  ],
  [
    "Webpack for browsers",
    { "project.json": projectOf("@nrwl/webpack:webpack", TO_DIST) },
    { site: "/app/dist/apps/web" },
  ],
  ["Vite", { "project.json": projectOf("@nx/vite:build", TO_DIST) }, { site: "/app/dist/apps/web" }],
  [
    "Angular",
    { "project.json": projectOf("@angular/build:application", { outputPath: "dist/apps/web" }) },
    { site: "/app/dist/apps/web/browser" },
  ],
  [
    "Webpack, as its own configuration has it",
    {
      "project.json": JSON.stringify({ name: "web", projectType: "application" }),
      "webpack.config.js": "output: { path: join(__dirname, '../../dist/apps/web') }, target: 'node'",
    },
    "node dist/apps/web/main.js",
  ],
  [
    "Vite, as its own configuration has it",
    {
      "project.json": JSON.stringify({ name: "web", projectType: "application" }),
      "vite.config.mts": "build: { outDir: '../../dist/apps/web' }",
      "index.html": "",
    },
    { site: "/app/dist/apps/web" },
  ],
];

for (const [title, files, made] of MADE) {
  test(`a project of Nx that is built by ${title}, is found where it is written`, async (t) => {
    const inside = Object.entries(files).map(([path, text]) => [`apps/web/${path}`, text] as const);
    const source = await sourceOf(t, {
      "package.json": PACKAGE,
      "nx.json": "{}",
      ...Object.fromEntries(inside),
      "libs/ui/project.json": projectOf("@nx/js:tsc", TO_DIST, { name: "ui", projectType: "library" }),
    });
    const { steps, deploy } = node.plan(source, NONE);
    assert.deepEqual(steps["build"]?.commands, ["nx run web:build"]);
    if (typeof made === "string") assert.equal(deploy.command.join(" "), made);
    else assert.equal(steps["site"]?.copies?.[0]?.source, made.site);
  });
}

test("a package of a workspace that Nx builds has its output in the image, and what it uses", async (t) => {
  const options = { outputPath: "apps/web/dist", main: "apps/web/src/main.ts", format: ["esm"] };
  const source = await sourceOf(t, {
    "package.json": JSON.stringify({ workspaces: ["apps/*", "libs/*"], devDependencies: { nx: "21" } }),
    "nx.json": "{}",
    "apps/web/package.json": JSON.stringify({
      name: "@shop/web",
      dependencies: { koa: "3", "@shop/ui": "*" },
      nx: { targets: { build: { executor: "@nx/esbuild:esbuild", options }, serve: {} } },
    }),
    "libs/ui/package.json": JSON.stringify({ name: "@shop/ui" }),
  });
  const { steps, deploy } = node.plan(source, NONE);
  assert.deepEqual(steps["build"]?.commands, ["nx run @shop/web:build"]);
  assert.deepEqual([deploy.directory, deploy.command], ["/app/apps/web", ["node", "dist/main.js"]]);
  assert.deepEqual(
    deploy.copies.map(({ from, target }) => [from, target]),
    [
      ["dependencies", "app"],
      ["build", "app/apps/web/dist"],
      ["build", "app/libs/ui"],
      ["source", "app/apps/web/package.json"],
    ],
  );
});

test("of several applications of Nx the one that is named is built, and else the user is told", async (t) => {
  const source = await sourceOf(t, {
    "package.json": PACKAGE,
    "nx.json": "{}",
    "apps/web/project.json": projectOf("@nx/vite:build", TO_DIST),
    "apps/api/project.json": projectOf(
      "@nx/js:tsc",
      { outputPath: "out", main: "apps/api/a.ts" },
      { name: "api" },
    ),
  });
  assert.throws(() => node.plan(source, NONE), { code: "START_UNKNOWN", message: /api, web/ });
  for (const WORKSPACE of ["api", "apps/api"]) {
    const { deploy } = node.plan(source, { variables: { WORKSPACE } });
    assert.deepEqual(deploy.command, ["node", "out/a.js"]);
  }
});
