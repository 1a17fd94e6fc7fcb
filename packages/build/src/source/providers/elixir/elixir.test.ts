import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { elixir } from "./elixir.ts";
import { readMix } from "./mix.ts";

const NONE = { variables: {} } as const;

function mixfile(project: string, dependencies = ""): string {
  return `defmodule Shop.MixProject do\n  use Mix.Project\n\n  def project do\n    [${project}]\n  end\n\n  defp deps do\n    [${dependencies}]\n  end\nend\n`;
}

const PHOENIX = {
  "mix.exs": mixfile(
    'app: :shop, elixir: "~> 1.14", deps: deps(), aliases: ["assets.deploy": ["esbuild shop"]]',
    '{:phoenix, "~> 1.7"}, {:bandit, "~> 1.0"}',
  ),
  "mix.lock": "%{}",
  "config/runtime.exs": "",
};

for (const [shape, files] of Object.entries({
  "without-dependencies": { "mix.exs": mixfile('app: :shop, elixir: "~> 1.18"'), "lib/shop.ex": "" },
  phoenix: PHOENIX,
})) {
  test(`the plan of ${shape.replaceAll("-", " ")} in Elixir is the stored one`, async (t) => {
    assertStoredPlan(elixir.plan(await sourceOf(t, files), NONE), import.meta.dirname, shape);
  });
}

test("the release is the one that is named, the default, the first, or the application's", async (t) => {
  const cases: readonly [string, Record<string, string>, string | undefined, readonly string[]][] = [
    ["app: :shop", {}, "shop", []],
    ["app: :shop, releases: [web: [], job: []]", {}, "web", ["web"]],
    ["app: :shop, releases: [web: []], default_release: :job", {}, "job", ["job"]],
    ["app: :shop, releases: [web: []]", { MIX_RELEASE: "other" }, "other", ["other"]],
    ['apps_path: "apps"', {}, undefined, []],
    ["# app: :old\n    app: :new", {}, "new", []],
  ];
  for (const [project, variables, release, named] of cases) {
    const mix = readMix(await sourceOf(t, { "mix.exs": mixfile(project) }), { variables });
    assert.deepEqual([mix.release, mix.named], [release, named], project);
  }
});

test("the newest Elixir that will do is taken, with the Erlang that is asked for", async (t) => {
  const cases: readonly [Record<string, string>, RegExp][] = [
    [{}, /libssl3t64.*:trixie$/],
    [{ ".tool-versions": "elixir 1.14.5-otp-25\n" }, /libssl3\/(?!.*trixie)/],
    [{ ".tool-versions": "erlang 25.3\n" }, /libssl3\/(?!.*trixie)/],
  ];
  for (const [files, root] of cases) {
    const source = await sourceOf(t, { "mix.exs": mixfile("app: :shop"), ...files });
    assert.match(elixir.plan(source, NONE).deploy.root[0] ?? "", root);
  }
  const old = await sourceOf(t, { "mix.exs": mixfile("app: :shop"), ".tool-versions": "erlang 24\n" });
  assert.throws(() => elixir.plan(old, NONE), {
    code: "VERSION_UNAVAILABLE",
    message: /Erlang 24 .* 27, 25/,
  });
});

test("dependencies that a path names are fetched from nowhere", async (t) => {
  const cases: readonly [Record<string, string>, "some" | "none"][] = [
    [{ "mix.exs": mixfile("app: :shop", '{:cellar, path: "cellar"}, {:hoops, in_umbrella: true}') }, "none"],
    [
      { "mix.exs": mixfile("app: :shop", '{:cellar, path: "cellar"}, {:jason, "~> 1.4", only: [:prod]}') },
      "some",
    ],
    [{ "mix.exs": mixfile('app: :shop, deps: [{:jason, "~> 1.4"}]') }, "some"],
    [{ "mix.exs": mixfile('app: :shop, deps: [{:cellar, path: "cellar"}]') }, "none"],
    [{ "mix.exs": mixfile("app: :shop", '{:git, git: "https://git.invalid/a"}') }, "some"],
    [{ "mix.exs": mixfile("app: :shop"), "mix.lock": '%{\n  "jason": {:hex, :jason, "1.4.4"}\n}\n' }, "some"],
    [{ "mix.exs": mixfile("app: :shop"), "mix.lock": "%{\n}\n" }, "none"],
  ];
  for (const [files, dependencies] of cases) {
    assert.equal(readMix(await sourceOf(t, files), NONE).dependencies, dependencies, files["mix.exs"]);
  }
});

test("an umbrella without releases is told to name one", async (t) => {
  const source = await sourceOf(t, { "mix.exs": mixfile('apps_path: "apps"') });
  assert.throws(() => elixir.plan(source, NONE), { code: "START_UNKNOWN", advice: /MIX_RELEASE/ });
});
