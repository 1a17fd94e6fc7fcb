import assert from "node:assert/strict";
import { test } from "node:test";
import { DistroError } from "@cooper/distro";
import { sourceOf } from "../project/source.fixture.ts";
import { accepts } from "./accepts.ts";
import { chooseVersion } from "./choose.ts";
import { withAsker } from "./npm-tools.ts";
import type { ToolName } from "./tools.ts";
import { wantedVersion } from "./wanted.ts";

/** A tool, the project's files, and what it asks for by which of them. */
const ASKED: readonly [ToolName, Record<string, string>, string | undefined, string?][] = [
  ["node", { "package.json": '{"engines":{"node":">=20 <23"}}', ".nvmrc": "18" }, ">=20 <23", "package.json"],
  ["node", { "package.json": "{}", ".nvmrc": "v22.3.0\n" }, "22.3.0", ".nvmrc"],
  ["node", { ".nvmrc": "lts/Iron" }, "20", ".nvmrc"],
  ["node", { ".node-version": "node-v20.1.0\r\n" }, "20.1.0", ".node-version"],
  ["node", { ".nvmrc": "lts/*\n", ".node-version": "18" }, undefined],
  ["node", { ".tool-versions": "python 3\nnodejs 20.1.0 # old\n" }, "20.1.0", ".tool-versions"],
  ["node", { "mise.toml": '[tools]\nnode = ["22", "20"]' }, "22", "mise.toml"],
  ["bun", { "package.json": '{"packageManager":"bun@1.2.3+sha"}' }, "1.2.3", "package.json"],
  ["deno", { ".dvmrc": "2.1.4\n" }, "2.1.4", ".dvmrc"],
  ["python", { ".python-version": "# pinned\n3.12\n" }, "3.12", ".python-version"],
  ["python", { "runtime.txt": "python-3.10.4" }, "3.10.4", "runtime.txt"],
  ["python", { ".mise.toml": '[tools]\npython = { version = "3.11" }' }, "3.11", ".mise.toml"],
  ["python", { "pyproject.toml": '[project]\nrequires-python = ">=3.9"' }, ">=3.9", "pyproject.toml"],
  ["python", { "pyproject.toml": '[tool.poetry.dependencies]\npython="^3.10"' }, "^3.10", "pyproject.toml"],
  ["python", { Pipfile: '[requires]\npython_version = "3.8"' }, "3.8", "Pipfile"],
  ["ruby", { ".ruby-version": "ruby-3.1.2" }, "3.1.2", ".ruby-version"],
  ["ruby", { Gemfile: "source 'x'\nruby '~> 3.1'\n" }, "~> 3.1", "Gemfile"],
  ["php", { "composer.json": '{"require":{"php":"^8.1"}}' }, "^8.1", "composer.json"],
  ["go", { "go.mod": "module a\n\ngo 1.19\n" }, ">=1.19", "go.mod"],
  ["go", { "go.mod": "go 1.19\n", ".tool-versions": "golang 1.21.0" }, "1.21.0", ".tool-versions"],
  ["rust", { "rust-toolchain.toml": '[toolchain]\nchannel = "1.63.0"' }, "1.63.0", "rust-toolchain.toml"],
  ["rust", { "rust-toolchain": "stable\n" }, undefined],
  ["rust", { "Cargo.toml": '[package]\nrust-version = "1.60"\n' }, ">=1.60", "Cargo.toml"],
  ["java", { ".sdkmanrc": "# SDKs\njava=17.0.9-tem\n" }, "17.0.9", ".sdkmanrc"],
  ["java", { ".tool-versions": "java temurin-21.0.2+13.0.LTS" }, "21.0.2+13.0.LTS", ".tool-versions"],
  ["java", { "pom.xml": "<java.version>17</java.version>" }, ">=17", "pom.xml"],
  ["java", { "pom.xml": "<maven.compiler.source>1.8</maven.compiler.source>" }, ">=8", "pom.xml"],
  ["java", { "build.gradle.kts": "jvmToolchain(17)" }, ">=17", "build.gradle.kts"],
  [
    "gradle",
    {
      "gradle/wrapper/gradle-wrapper.properties": "distributionUrl=https\\://example.test/gradle-8.5-bin.zip",
    },
    "8.5",
    "gradle/wrapper/gradle-wrapper.properties",
  ],
  ["elixir", { "mix.exs": 'elixir: "~> 1.14",' }, "~> 1.14", "mix.exs"],
  ["dotnet", { "global.json": '{"sdk":{"version":"8.0.100"}}' }, "8.0.100", "global.json"],
  ["erlang", { "notes.txt": "25" }, undefined],
];

for (const [tool, files, version, from] of ASKED) {
  const asks = version === undefined ? "for none in particular" : `for ${version} by ${from}`;
  test(`${JSON.stringify(files)} asks ${asks} of ${tool}`, async (t) => {
    const source = await sourceOf(t, files);
    assert.deepEqual(
      wantedVersion(source, { variables: {} }, tool),
      version === undefined ? undefined : { version, from },
    );
  });
}

test("a setting comes before every file, and can say that any version will do", async (t) => {
  const source = await sourceOf(t, { ".python-version": "3.8" });
  const asked = (value: string): unknown =>
    wantedVersion(source, { variables: { PYTHON_VERSION: value } }, "python");
  assert.deepEqual(asked("3.12"), { version: "3.12", from: "PYTHON_VERSION" });
  assert.equal(asked("latest"), undefined);
});

test("a file that should name a version and cannot be read says where it is wrong", async (t) => {
  const source = await sourceOf(t, { "mise.toml": "[tools]\nnode = \n" });
  assert.throws(() => wantedVersion(source, { variables: {} }, "node"), {
    code: "SOURCE_INVALID",
    message: /^mise\.toml is not TOML: .*, line 2, column \d+$/,
  });
});

test("the first version that fits is chosen; where none does, the error says who asks and what there is", async (t) => {
  const source = await sourceOf(t, { ".python-version": "3.9\n" });
  const none = { variables: {} };
  assert.equal(chooseVersion(source, none, "python", ["3.11", "3.9.18"]), "3.9.18");
  assert.equal(chooseVersion(source, none, "ruby", ["3.1"]), "3.1");
  assert.throws(() => chooseVersion(source, none, "python", ["3.11"]), {
    code: "VERSION_UNAVAILABLE",
    message: "Python 3.9 is asked for (.python-version), and there is 3.11",
    advice: "Set PYTHON_VERSION=3.11, or change .python-version.",
  });
});

/** What is asked for, versions that it takes, and versions that it does not. */
const RANGES: readonly [string, readonly string[], readonly string[]][] = [
  ["3.11", ["3.11", "3.11.2"], ["3.12", "3.1", "2.11"]],
  ["3.11.2", ["3.11", "3.11.2"], ["3.11.4", "3.10"]],
  ["17", ["17", "17.0.9"], ["11", "21"]],
  ["1.x", ["1.19"], ["2.0"]],
  ["*", ["1", "2.7"], []],
  [">=3.8", ["3.8", "3.11", "4"], ["3.7"]],
  [">=3.8,<3.12", ["3.11"], ["3.12", "3.7"]],
  [">=20 <23", ["20", "22.3.1"], ["23", "19"]],
  [">= 3.0 and < 3.2", ["3.1"], ["3.2"]],
  ["^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0"]],
  ["^0.3.1", ["0.3.4"], ["0.4.0"]],
  ["~1.2", ["1.2.9"], ["1.3"]],
  ["~> 3.1", ["3.1.2", "3.4"], ["4.0", "3.0"]],
  ["~> 3.1.2", ["3.1.4"], ["3.2.0", "3.1.1"]],
  ["~=3.10", ["3.11"], ["4.0", "3.9"]],
  ["^7.4 || ^8.0", ["7.4", "8.2"], ["7.3", "9.0"]],
  ["^7.4|^8.0", ["8.2"], ["9.0"]],
  ["18 - 20", ["18.1", "19", "20"], ["17", "21"]],
  ["==3.11.*", ["3.11.2"], ["3.12"]],
  ["!=3.11", ["3.12"], ["3.11"]],
  [">3.10", ["3.11"], ["3.10", "3.9"]],
  ["21.0.2+13.0.LTS", ["21", "21.0.2"], ["17"]],
  ["v20", ["20.1.0"], ["22"]],
  ["20.x", ["20.19.0"], ["21"]],
  ["^18 || ^20", ["18.1", "20.2"], ["19", "22"]],
  ["3.11.x", ["3.11.2"], ["3.12"]],
  ["3.13.0rc1", ["3.13"], ["3.12"]],
  ["<=3.12 >=3.9", ["3.11"], ["3.13"]],
  ["1.14-otp-25", ["1.14"], ["1.15"]],
  // Another thing than what there is, whatever number it has.
  ["pypy3.11", [], ["3.11", "3"]],
  ["pypy3.11-7.3.18", [], ["3.11"]],
  ["miniconda3-24.1.2", [], ["3.11"]],
  ["lts/unheard-of", [], ["22"]],
  ["nightly", [], ["1.85"]],
];

for (const [wanted, taken, refused] of RANGES) {
  test(`${wanted} takes ${taken.join(", ") || "nothing"}${refused.length > 0 ? `, not ${refused.join(", ")}` : ""}`, () => {
    for (const version of taken) assert.ok(accepts(wanted, version), version);
    for (const version of refused) assert.ok(!accepts(wanted, version), version);
  });
}

test("a version of Node, Bun or Deno that npm has not is an error that says who asks for it", async (t) => {
  const none = new DistroError("UNSOLVABLE", "npm has no Node 99", { advice: "Take 24." });
  const source = await sourceOf(t, { "package.json": '{"engines":{"node":"99"}}' });
  const asked = (variables: Record<string, string>, reference: string): unknown =>
    withAsker(none, reference, source, { variables });
  const cases: readonly [variables: Record<string, string>, reference: string, said: object][] = [
    [
      {},
      "npm:node=99",
      {
        code: "VERSION_UNAVAILABLE",
        message: "Node 99 is asked for (package.json): npm has no Node 99",
        advice: "Set NODE_VERSION, or change package.json. Take 24.",
      },
    ],
    [
      { NODE_VERSION: "lts/unheard-of" },
      "npm:node=ltsunheard-of",
      {
        code: "VERSION_UNAVAILABLE",
        message: "Node lts/unheard-of is asked for (NODE_VERSION): npm has no Node 99",
        advice: "Change NODE_VERSION. Take 24.",
      },
    ],
    // Another package, and a version that only the plan asks for.
    [{}, "npm:left-pad=99", none],
    [{}, "npm:node=98", none],
  ];
  for (const [variables, reference, said] of cases) {
    assert.throws(() => {
      throw asked(variables, reference);
    }, said);
  }
});
