import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import type { Plan } from "../../plan/plan.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { node } from "./node.ts";

type Files = Readonly<Record<string, string>>;

const NONE = { variables: {} } as const;
const BERRY = "__metadata:\n  version: 8\n";

function manifest(content: object): string {
  return JSON.stringify({ name: "shop", ...content });
}

/** A server with a build, as each package manager installs it. */
const SERVER = {
  scripts: { build: "tsc", start: "node dist/server.js" },
  dependencies: { fastify: "5" },
  devDependencies: { typescript: "5" },
};

/** An application of a framework: `build` is its script. */
function made(build: string, dependencies: object, more: object = {}): string {
  return manifest({ scripts: { build }, dependencies, ...more });
}

const WORKSPACE: Files = {
  "package.json": manifest({ workspaces: ["apps/*", "packages/*"], devDependencies: { turbo: "2" } }),
  "package-lock.json": "{}",
  "turbo.json": "{}",
  "apps/web/package.json": manifest({
    name: "web",
    scripts: { build: "tsc", start: "node dist/main.js" },
    dependencies: { ui: "*", koa: "3" },
  }),
  "packages/ui/package.json": manifest({ name: "ui", scripts: { build: "tsc" } }),
  "packages/other/package.json": manifest({ name: "other" }),
};

function without(files: Files, ...paths: readonly string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)));
}

/** Files, by the shape of an application. */
const SHAPES: Readonly<Record<string, Files>> = {
  npm: { "package.json": manifest(SERVER), "package-lock.json": "{}", ".npmrc": "" },
  "npm-without-a-lock": {
    "package.json": manifest({ main: "a.js", dependencies: { koa: "3" } }),
    "a.js": "",
  },
  pnpm: {
    "package.json": manifest({ ...SERVER, packageManager: "pnpm@10.2.0+sha512.00" }),
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    "patches/koa.patch": "",
  },
  "pnpm-12": { "package.json": manifest({ ...SERVER, packageManager: "pnpm@12.1.0" }) },
  "yarn-1": { "package.json": manifest(SERVER), "yarn.lock": "# yarn lockfile v1\n" },
  "yarn-4": {
    "package.json": manifest(SERVER),
    "yarn.lock": BERRY,
    ".yarnrc.yml": "nodeLinker: pnp\n",
    ".yarn/releases/yarn-4.9.0.cjs": "",
  },
  "yarn-3": { "package.json": manifest(SERVER), "yarn.lock": "__metadata:\n  version: 6\n" },
  bun: { "package.json": manifest(SERVER), "bun.lock": "{}" },
  "install-scripts": {
    "package.json": manifest({
      ...SERVER,
      scripts: { ...SERVER.scripts, postinstall: "prisma generate", prepare: "husky" },
    }),
    "package-lock.json": "{}",
  },
  "prepared-by-itself": {
    "package.json": manifest({ ...SERVER, scripts: { ...SERVER.scripts, prepare: "npm run build" } }),
    "package-lock.json": "{}",
  },
  "a-local-package-and-git": {
    "package.json": manifest({
      main: "a.js",
      scripts: { prepare: "husky" },
      dependencies: { local: "file:./lib/local", forked: "github:someone/forked", "better-sqlite3": "12" },
    }),
    "package-lock.json": "{}",
    "a.js": "",
  },
  "a-workspace-of-npm-with-turborepo": WORKSPACE,
  "a-workspace-of-npm": without(WORKSPACE, "turbo.json"),
  "a-workspace-of-pnpm-with-nx": {
    ...without(WORKSPACE, "turbo.json", "package-lock.json"),
    "package.json": manifest({ devDependencies: { nx: "21" } }),
    "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/**\n",
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    "nx.json": "{}",
  },
  "a-workspace-of-yarn-4": {
    ...without(WORKSPACE, "turbo.json", "package-lock.json"),
    "yarn.lock": BERRY,
  },
  "next-standalone": {
    "package.json": made(
      "next build",
      { next: "15" },
      { scripts: { build: "next build", start: "next start" } },
    ),
    "next.config.mjs": 'export default { output: "standalone" };',
    "public/a.svg": "",
  },
  next: { "package.json": made("next build", { next: "15" }), "next.config.ts": "export default {};" },
  "next-export": {
    "package.json": made("next build", { next: "15" }),
    "next.config.js": "module.exports = { output: 'export' };",
  },
  "next-in-a-workspace": {
    ...without(WORKSPACE, "turbo.json"),
    "apps/web/package.json": made("next build", { next: "15", ui: "*" }, { name: "web" }),
    "apps/web/next.config.js": "module.exports = { output: 'standalone' };",
  },
  nuxt: { "package.json": made("nuxt build", { nuxt: "4" }) },
  "nuxt-generated": { "package.json": made("nuxt generate", { nuxt: "4" }) },
  "sveltekit-server": {
    "package.json": made(
      "vite build",
      {},
      { devDependencies: { "@sveltejs/kit": "2", "@sveltejs/adapter-node": "5" } },
    ),
  },
  "sveltekit-pages": {
    "package.json": made(
      "vite build",
      {},
      { devDependencies: { "@sveltejs/kit": "2", "@sveltejs/adapter-static": "3" } },
    ),
    "svelte.config.js": "adapter({ fallback: '200.html' })",
  },
  astro: { "package.json": made("astro build", { astro: "5" }) },
  "astro-server": { "package.json": made("astro build", { astro: "5", "@astrojs/node": "9" }) },
  "react-router": {
    "package.json": made(
      "react-router build",
      { "@react-router/serve": "7" },
      {
        scripts: { build: "react-router build", start: "react-router-serve ./build/server/index.js" },
        devDependencies: { "@react-router/dev": "7" },
      },
    ),
  },
  remix: {
    "package.json": made(
      "remix vite:build",
      { "@remix-run/serve": "2" },
      { devDependencies: { "@remix-run/dev": "2" } },
    ),
  },
  vite: {
    "package.json": made("vite build", { react: "19" }, { devDependencies: { vite: "7" } }),
    "index.html": "",
    "vite.config.ts": "export default { build: { outDir: 'public_html' } };",
  },
  "create-react-app": {
    "package.json": made(
      "x",
      { "react-scripts": "5" },
      { scripts: { build: "react-scripts build", start: "react-scripts start" } },
    ),
  },
  angular: {
    "package.json": made("ng build", { "@angular/core": "20" }),
    "angular.json": JSON.stringify({
      projects: { shop: { architect: { build: { builder: "@angular/build:application", options: {} } } } },
    }),
  },
};

for (const [shape, files] of Object.entries(SHAPES)) {
  test(`the plan of ${shape.replaceAll("-", " ")} for Node is the stored one`, async (t) => {
    assertStoredPlan(node.plan(await sourceOf(t, files), NONE), import.meta.dirname, shape);
  });
}

async function deployOf(t: TestContext, scripts: object, more: Files = {}): Promise<Plan["deploy"]> {
  const files = { "package.json": manifest({ scripts, main: "main.js" }), "main.js": "", ...more };
  return node.plan(await sourceOf(t, files), NONE).deploy;
}

/** Scripts, and what is started. */
const STARTS: readonly [object, readonly string[]][] = [
  [{}, ["node", "main.js"]],
  [{ start: "node --enable-source-maps dist/a.js" }, ["node", "--enable-source-maps", "dist/a.js"]],
  [{ start: "npm run serve", serve: "node a.js" }, ["node", "a.js"]],
  [{ start: "yarn serve", serve: "cross-env A=1 node a.js" }, ["node", "a.js"]],
  [{ start: "npm run a", a: "npm run start" }, ["node", "/app/node_modules/.bin/npm", "run", "a"]],
  [{ start: "nodemon a.ts", "start:prod": "node b.js" }, ["node", "b.js"]],
  [{ start: "tsx src/a.ts" }, ["node", "/app/node_modules/.bin/tsx", "src/a.ts"]],
  [{ start: "npx tsx src/a.ts" }, ["node", "/app/node_modules/.bin/tsx", "src/a.ts"]],
  [{ start: "./run" }, ["./run"]],
  [
    { start: "node a.js --port $PORT" },
    ["/bin/sh", "-c", "PATH=/app/node_modules/.bin:$PATH; exec node a.js --port $PORT"],
  ],
  [{ start: "a && b" }, ["/bin/sh", "-c", "PATH=/app/node_modules/.bin:$PATH; a && b"]],
];

for (const [scripts, command] of STARTS) {
  test(`scripts ${JSON.stringify(scripts)} start ${command.join(" ")}`, async (t) => {
    const { command: found, root } = await deployOf(t, scripts);
    assert.deepEqual(found, command);
    const hasShell = root.some((reference) => reference.startsWith("apt:"));
    assert.equal(hasShell, command[0] === "/bin/sh", "a shell is there where it is needed, and only there");
  });
}

test("a build command of no words means that nothing is built", async (t) => {
  const source = await sourceOf(t, { "package.json": manifest(SERVER) });
  assert.deepEqual(Object.keys(node.plan(source, { variables: {}, buildCommand: "" }).steps), [
    "tools",
    "dependencies",
  ]);
});

test("Node's line decides which npm installs, and of a range the newest that it takes", async (t) => {
  const cases = [
    [">=12", "11"],
    ["18", "10"],
    ["^20.1", "10"],
    [">=16 <17", "8"],
    ["26", "11"],
  ] as const;
  for (const [wanted, line] of cases) {
    const source = await sourceOf(t, { "package.json": manifest({ ...SERVER, engines: { node: wanted } }) });
    assert.deepEqual(node.plan(source, NONE).steps["tools"]?.root?.at(-1), `npm:npm=${line}/+global`, wanted);
  }
});

test("a token that .npmrc asks for is there when packages are fetched, and no other variable is", async (t) => {
  const files = {
    "package.json": manifest({ main: "a.js", dependencies: { koa: "3" } }),
    "a.js": "",
    ".npmrc": "//registry.example/:_authToken=${NPM_TOKEN}\n",
  };
  const { steps } = node.plan(await sourceOf(t, files), { variables: { NPM_TOKEN: "x", OTHER: "y" } });
  assert.deepEqual(steps["dependencies"]?.secrets, ["NPM_TOKEN"]);
});

test("variables before a program are the image's", async (t) => {
  const { environment } = await deployOf(t, { start: "NODE_OPTIONS=--max-old-space-size=256 A=b node a.js" });
  assert.deepEqual(environment, {
    NODE_ENV: "production",
    PORT: "8080",
    NODE_OPTIONS: "--max-old-space-size=256",
    A: "b",
  });
});

test("npm start in a Procfile is what the script does, and a worker beside it, too", async (t) => {
  const procfile = "web: npm start\nworker: npm run work\nrelease: npx migrate up\n";
  const deploy = await deployOf(t, { start: "node a.js", work: "node w.js" }, { Procfile: procfile });
  assert.deepEqual(deploy.command, ["node", "a.js"]);
  assert.deepEqual(deploy.processes, { web: ["node", "a.js"], worker: ["node", "w.js"] });
  assert.deepEqual(deploy.release, ["node", "/app/node_modules/.bin/migrate", "up"]);
});

test("a framework's application with a server of its own is started by that, with all that it may read", async (t) => {
  const files = {
    "package.json": made(
      "next build",
      { next: "15" },
      { scripts: { build: "next build", start: "node server.js" } },
    ),
  };
  const { deploy } = node.plan(await sourceOf(t, files), NONE);
  assert.deepEqual(deploy.command, ["node", "server.js"]);
  assert.deepEqual(
    deploy.copies.map(({ source }) => source),
    ["/app", "/app"],
  );
});

test("of several applications of a workspace the one that is named is built, and else the user is told", async (t) => {
  const files = {
    ...WORKSPACE,
    "apps/admin/package.json": manifest({ name: "@shop/admin", scripts: { start: "node a.js" } }),
  };
  const source = await sourceOf(t, files);
  assert.throws(() => node.plan(source, NONE), {
    code: "START_UNKNOWN",
    message: /@shop\/admin, web/,
    advice: /WORKSPACE=NAME/,
  });
  for (const name of ["@shop/admin", "apps/admin", "./apps/admin/"]) {
    const { deploy } = node.plan(source, { variables: { WORKSPACE: name } });
    assert.deepEqual([deploy.directory, deploy.command], ["/app/apps/admin", ["node", "a.js"]]);
  }
  assert.throws(() => node.plan(source, { variables: { WORKSPACE: "shop" } }), {
    message: /no package shop/,
  });
});

test("the root of a workspace is built where it starts itself", async (t) => {
  const files = {
    ...WORKSPACE,
    "package.json": manifest({ workspaces: ["apps/*"], scripts: { start: "node a.js" } }),
  };
  const { deploy } = node.plan(await sourceOf(t, files), NONE);
  assert.deepEqual([deploy.directory, deploy.command], [undefined, ["node", "a.js"]]);
});

test("a package manager that cannot be had, an adapter that makes nothing, and a broken file are told", async (t) => {
  const vlt = await sourceOf(t, { "package.json": manifest({ packageManager: "vlt@1.0.0" }) });
  assert.throws(() => node.plan(vlt, NONE), { code: "VERSION_UNAVAILABLE", message: /vlt/ });
  const auto = await sourceOf(t, {
    "package.json": made(
      "vite build",
      {},
      { devDependencies: { "@sveltejs/kit": "2", "@sveltejs/adapter-auto": "6" } },
    ),
  });
  assert.throws(() => node.plan(auto, NONE), { code: "START_UNKNOWN", advice: /adapter-node/ });
  const yaml = await sourceOf(t, { "package.json": "{}", "pnpm-workspace.yaml": "packages: [" });
  assert.throws(() => node.plan(yaml, NONE), { code: "SOURCE_INVALID", message: /pnpm-workspace\.yaml/ });
  const scripts = await sourceOf(t, { "package.json": '{"scripts":{"start":1}}' });
  assert.throws(() => node.plan(scripts, NONE), { code: "SOURCE_INVALID", message: /scripts\.start/ });
});

test("a word for a version of Node that nobody has is an error that says who asks and what there is", async (t) => {
  for (const word of ["lts/-1", "lts/unheard-of", "iojs"]) {
    // oxlint-disable-next-line no-await-in-loop
    const source = await sourceOf(t, {
      "package.json": '{"main":"a.js"}',
      "a.js": "",
      ".nvmrc": `${word}\n`,
    });
    assert.throws(() => node.plan(source, NONE), {
      code: "VERSION_UNAVAILABLE",
      message: new RegExp(`^Node ${word} is asked for \\(\\.nvmrc\\), and there is 24, 26, 22`),
    });
  }
});
