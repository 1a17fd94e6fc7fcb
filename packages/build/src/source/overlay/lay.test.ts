import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../plan/plan.ts";
import { planSource } from "../plan/plan-source.ts";
import type { Settings } from "../providers/provider.ts";
import { settingsOfEnvironment, settingsOver } from "./settings.ts";
import { sourceOf } from "../project/source.fixture.ts";
import { layOver } from "./lay.ts";
import { parseOverlay } from "./read.ts";

const NONE = { variables: {} } as const;

const PLAN: Plan = {
  version: 1,
  providers: ["node"],
  steps: {
    install: {
      root: ["npm:npm/node", "apt:dash/git"],
      copies: [{ from: "source", source: ".", target: "app" }],
      commands: ["npm ci"],
      environment: { CI: "true", A: "provider" },
    },
    build: { after: "install", commands: ["npm run build"] },
  },
  deploy: {
    root: ["npm:node"],
    copies: [{ from: "build", source: "/app", target: "app" }],
    command: ["node", "a.js"],
    environment: { PORT: "8080" },
  },
};

/** What a file says, and what the plan has instead. */
const LAID: readonly [string, string, (plan: Plan) => unknown, unknown][] = [
  [
    "a list replaces a list",
    '[steps.install]\ncommands = ["npm install"]',
    ({ steps }) => steps["install"]?.commands,
    ["npm install"],
  ],
  [
    "... in a list is the list below",
    '[steps.install]\ncommands = ["before", "...", ["a", "b"]]',
    ({ steps }) => steps["install"]?.commands,
    ["before", "npm ci", ["a", "b"]],
  ],
  [
    "a command gets arguments",
    '[deploy]\ncommand = ["...", "--port=1"]',
    ({ deploy }) => deploy.command,
    ["node", "a.js", "--port=1"],
  ],
  [
    "maps are merged",
    '[deploy.environment]\nA = "b"',
    ({ deploy }) => deploy.environment,
    { PORT: "8080", A: "b" },
  ],
  [
    "copies are spliced like all lists",
    '[deploy]\ncopies = ["...", { from = "source", source = "docs", target = "docs" }]',
    ({ deploy }) => deploy.copies.map(({ target }) => target),
    ["app", "docs"],
  ],
  [
    "a step is added",
    '[steps.docs]\nafter = "build"\ncommands = ["make docs"]',
    ({ steps }) => Object.keys(steps),
    ["install", "build", "docs"],
  ],
  [
    "variables are there for every step, below its own",
    '[variables]\nA = "file"\nB = "file"\n[steps.build.environment]\nB = "step"',
    ({ steps }) => [steps["install"]?.environment, steps["build"]?.environment],
    [
      { CI: "true", A: "file", B: "file" },
      { A: "file", B: "step" },
    ],
  ],
  ["what is excluded stands in the plan", 'exclude = ["docs"]', ({ exclude }) => exclude, ["docs"]],
];

for (const [title, text, look, expected] of LAID) {
  test(title, () => {
    assert.deepEqual(look(layOver(PLAN, parseOverlay(text, "cooper.toml"), NONE)), expected);
  });
}

test("a new step that lacks something is named with the place where it begins", () => {
  const overlay = parseOverlay('start = "a"\n\n[steps.docs]\nafter = "build"\n', "cooper.toml");
  assert.throws(() => layOver(PLAN, overlay, NONE), {
    code: "CONFIGURATION_INVALID",
    message: "cooper.toml:3:1: steps.docs.commands is to be a list",
  });
});

/** One more voice each time; the last one counts. */
const VOICES = [
  { name: "the provider", start: "node main.js" },
  { name: "the Procfile", start: "node procfile.js" },
  { name: "start of cooper.toml", start: "node file.js" },
  { name: "COOPER_BUILD_START", start: "node environment.js" },
  { name: "--start", start: "node flag.js" },
] as const;

for (const [place, { name, start }] of VOICES.entries()) {
  test(`of all that says how it starts up to ${name}, ${name} counts`, async (t) => {
    const [, procfile, file, environment, flag] = VOICES.map((voice, each) =>
      each <= place ? voice.start : undefined,
    );
    const source = await sourceOf(t, {
      "package.json": '{"main":"main.js"}',
      "main.js": "",
      ...(procfile === undefined ? {} : { Procfile: `web: ${procfile}` }),
    });
    const above = settingsOver(
      settingsOfEnvironment(environment === undefined ? {} : { COOPER_BUILD_START: environment }),
      { ...NONE, startCommand: flag },
    );
    const overlay = file === undefined ? undefined : parseOverlay(`start = "${file}"`, "cooper.toml");
    assert.deepEqual(planSource(source, above, overlay).deploy.command, start.split(" "));
  });
}

/** A file, what is said above it, and what comes of both. */
const ABOVE: readonly [string, string, Settings, (plan: Plan) => unknown, unknown][] = [
  [
    "--start counts more than deploy.command",
    '[deploy]\ncommand = ["node", "file.js"]',
    { ...NONE, startCommand: "node flag.js" },
    ({ deploy }) => deploy.command,
    ["node", "flag.js"],
  ],
  [
    "--build counts more than the build step's commands",
    '[steps.build]\ncommands = ["file"]',
    { ...NONE, buildCommand: "flag" },
    ({ steps }) => steps["build"]?.commands,
    ["flag"],
  ],
  [
    "a variable above counts more than the file's",
    '[variables]\nNODE_VERSION = "20"',
    { variables: { NODE_VERSION: "22" } },
    ({ deploy }) => deploy.root,
    ["npm:node=22"],
  ],
  [
    "the file's variables are settings of the provider",
    '[variables]\nNODE_VERSION = "20"',
    NONE,
    ({ deploy }) => deploy.root,
    ["npm:node=20"],
  ],
  [
    "the file's providers count more than what is found",
    'providers = ["static"]',
    NONE,
    ({ providers }) => providers,
    ["static"],
  ],
  [
    "and what is named above counts more than those",
    'providers = ["static"]',
    { ...NONE, providers: ["node"] },
    ({ providers }) => providers,
    ["node"],
  ],
  [
    "packages join those of their ecosystem, and others stand beside them",
    '[packages]\nbuild = ["gcc", "npm:typescript"]\ndeploy = ["ffmpeg"]',
    settingsOfEnvironment({ COOPER_BUILD_PACKAGES: "... make" }),
    ({ steps, deploy }) => [steps["tools"]?.root, deploy.root],
    [
      [
        "npm:node/typescript",
        "apt:dash/coreutils/sed/grep/findutils/ca-certificates/gcc/make",
        "npm:npm=11/+global",
      ],
      ["npm:node", "apt:ffmpeg"],
    ],
  ],
];

for (const [title, text, above, look, expected] of ABOVE) {
  test(title, async (t) => {
    const files = {
      "package.json": '{"main":"a.js","scripts":{"build":"x"}}',
      "a.js": "",
      "index.html": "",
    };
    const source = await sourceOf(t, files);
    assert.deepEqual(look(planSource(source, above, parseOverlay(text, "cooper.toml"))), expected);
  });
}

test("a provider that finds no way to start the application does not mind where the file has one", async (t) => {
  const source = await sourceOf(t, { "package.json": "{}" });
  assert.throws(() => planSource(source, NONE), { code: "START_UNKNOWN" });
  const overlay = parseOverlay('[deploy]\ncommand = ["node", "x.js"]', "cooper.toml");
  assert.deepEqual(planSource(source, NONE, overlay).deploy.command, ["node", "x.js"]);
});

test("a file alone can be the plan, where no provider takes the source", async (t) => {
  const source = await sourceOf(t, { "a.lua": "" });
  const text = '[deploy]\nroot = ["apt:lua5.4"]\ncommand = ["lua5.4", "a.lua"]';
  assert.deepEqual(planSource(source, NONE, parseOverlay(text, "cooper.toml")), {
    version: 1,
    providers: [],
    steps: {},
    deploy: {
      root: ["apt:lua5.4"],
      copies: [{ from: "source", source: ".", target: "app" }],
      command: ["lua5.4", "a.lua"],
    },
  });
});
