import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceOf } from "../../../project/source.fixture.ts";
import { node } from "../node.ts";

type Files = Readonly<Record<string, string>>;

/** An application that has this package, with the script that builds it if there is one. */
function having(dependency: string, build?: string): string {
  return JSON.stringify({ scripts: { build }, devDependencies: { [dependency]: "1" } });
}

const STATIC_ANGULAR = {
  projects: {
    shop: {
      architect: { build: { builder: "@angular/build:application", options: { outputMode: "static" } } },
    },
  },
};

/** Sources, the line that builds them, and the directory that is served. */
const SITES: readonly [string, Files, string, string][] = [
  ["Eleventy", { "package.json": having("@11ty/eleventy") }, "eleventy", "_site"],
  [
    "Eleventy told by its script",
    { "package.json": having("@11ty/eleventy", "eleventy --input=src --output=out") },
    "npm run build",
    "out",
  ],
  [
    "Eleventy told by its configuration",
    {
      "package.json": having("@11ty/eleventy", "eleventy"),
      ".eleventy.js": 'module.exports = () => ({ dir: { input: "content", output: "dist" } });',
    },
    "npm run build",
    "dist",
  ],
  [
    "VitePress in a directory of its own",
    { "package.json": having("vitepress"), "docs/.vitepress/config.mts": "export default {}" },
    "vitepress build docs",
    "docs/.vitepress/dist",
  ],
  [
    "VitePress told where to write",
    {
      "package.json": having("vitepress", "vitepress build site"),
      "site/.vitepress/config.ts": "export default { outDir: '../public' }",
    },
    "npm run build",
    "public",
  ],
  ["Hexo", { "package.json": having("hexo"), "_config.yml": "title: A\n" }, "hexo generate", "public"],
  [
    "Hexo told where to write",
    { "package.json": having("hexo", "hexo generate"), "_config.yml": "public_dir: out\n" },
    "npm run build",
    "out",
  ],
  [
    "Angular that renders every page in the build",
    {
      "package.json": JSON.stringify({ dependencies: { "@angular/core": "22", "@angular/ssr": "22" } }),
      "angular.json": JSON.stringify(STATIC_ANGULAR),
    },
    "ng build",
    "dist/shop/browser",
  ],
];

for (const [title, files, build, directory] of SITES) {
  test(`${title}: ${build} writes ${directory}`, async (t) => {
    const { steps } = node.plan(await sourceOf(t, files), { variables: {} });
    assert.deepEqual(steps["build"]?.commands, [build]);
    assert.equal(steps["site"]?.copies?.[0]?.source, `/app/${directory}`);
  });
}
