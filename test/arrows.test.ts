import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "..");

/** Which rooms each room may import: the picture in docs/architecture.md, as data. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  sys: [],
  archive: ["sys"],
  oci: ["archive", "sys"],
  transport: ["oci", "archive", "sys"],
  distro: ["transport", "oci", "archive", "sys"],
  engine: ["transport", "oci", "archive", "sys"],
  build: ["engine", "distro", "transport", "oci", "archive", "sys"],
  registry: ["build", "engine", "distro", "transport", "oci", "archive", "sys"],
  cli: ["registry", "build", "engine", "distro", "transport", "oci", "archive", "sys"],
};

interface Import {
  readonly file: string;
  readonly room: string;
  readonly specifier: string;
}

const IMPORT = /^(?:import|export)\b[^"';=()]*\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** Tests, and what only they use, may look anywhere. */
function isTest(file: string): boolean {
  return /\.(test|fixture|test\.support)\.ts$|\/test-support\//.test(file);
}

function imports(): readonly Import[] {
  const found: Import[] = [];
  for (const file of globSync("packages/*/src/**/*.ts", { cwd: root })) {
    const room = file.split("/")[1] ?? "";
    const text = readFileSync(join(root, file), "utf8");
    for (const match of text.matchAll(IMPORT)) {
      found.push({ file, room, specifier: match[1] ?? match[2] ?? "" });
    }
  }
  return found;
}

test("every room is in the picture", () => {
  const rooms = globSync("packages/*/package.json", { cwd: root }).map((file) => file.split("/")[1] ?? "");
  assert.deepEqual(new Set(rooms), new Set(Object.keys(MAY_IMPORT)));
});

test("arrows between rooms only point down", () => {
  const upward = imports()
    .filter(({ file, specifier }) => !isTest(file) && specifier.startsWith("@cooper/"))
    .filter(({ room, specifier }) => !MAY_IMPORT[room]?.includes(specifier.slice("@cooper/".length)))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
  assert.deepEqual(upward, []);
});

test("a room is entered by its index only", () => {
  const sneaking = imports()
    .filter(({ file, room, specifier }) => {
      if (specifier.startsWith("@cooper/")) return specifier.split("/").length > 2;
      if (!specifier.startsWith(".")) return false;
      const target = relative(join(root, "packages", room, "src"), resolve(root, dirname(file), specifier));
      return target.startsWith("..") && !target.endsWith("package.json");
    })
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
  assert.deepEqual(sneaking, []);
});

test("what a room imports, its package.json names", () => {
  const missing = new Set<string>();
  for (const { file, room, specifier } of imports()) {
    if (isTest(file) || specifier.startsWith(".") || specifier.startsWith("node:")) continue;
    const name = specifier.startsWith("@")
      ? specifier.split("/").slice(0, 2).join("/")
      : (specifier.split("/")[0] ?? "");
    const manifest = JSON.parse(readFileSync(join(root, "packages", room, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
      devDependencies?: Record<string, string>;
    };
    // The command is bundled: what it imports is built in, so its libraries are devDependencies.
    const named = { ...manifest.dependencies, ...(room === "cli" ? manifest.devDependencies : {}) };
    if (!(name in named)) missing.add(`${room} imports ${name}`);
  }
  assert.deepEqual([...missing], []);
});

test("no file is a barrel but a room's index.ts", () => {
  const barrels = globSync("packages/*/src/**/*.ts", { cwd: root })
    .filter((file) => !/^packages\/[^/]+\/src\/index\.ts$/.test(file))
    .filter((file) => /^export \* from/m.test(readFileSync(join(root, file), "utf8")));
  assert.deepEqual(barrels, []);
});
