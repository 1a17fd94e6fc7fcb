import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import type { Plan } from "../../plan/plan.ts";
import { planSource } from "../../plan/plan-source.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { readGems } from "./gems.ts";
import { findStart } from "./start.ts";

const NONE = { variables: {} } as const;
const lockOf = (...gems: readonly string[]): string =>
  `GEM\n  remote: https://gems.invalid/\n  specs:\n${gems.map((gem) => `    ${gem} (1.0)\n      rack (>= 2)\n`).join("")}`;
const RAILS = {
  Gemfile: 'gem "rails"\ngem "pg"\n',
  "Gemfile.lock": lockOf("rails", "pg", "propshaft", "puma"),
  "config/application.rb": "",
  "config.ru": "",
};

/** What an application is, by the name of the plan that is kept for it. */
const PLANS: Readonly<Record<string, Record<string, string>>> = {
  script: { "app.rb": "puts 3" },
  rack: { Gemfile: "gem 'rack'\n", "Gemfile.lock": lockOf("rack", "puma"), "config.ru": "" },
  rails: RAILS,
  gemspec: { Gemfile: "gemspec\n", "config.ru": "", ".ruby-version": "3.3.1\n" },
};

for (const [name, files] of Object.entries(PLANS)) {
  test(`the plan of an application of Ruby is the one that is kept: ${name}`, async (t) => {
    assertStoredPlan(planSource(await sourceOf(t, files), { variables: {} }), import.meta.dirname, name);
  });
}

test("gems that lie in vendor/cache are installed from there, without a network where all do", async (t) => {
  const planOf = async (...cached: readonly string[]): Promise<Plan> => {
    const archives = Object.fromEntries(cached.map((name) => [`vendor/cache/${name}.gem`, ""]));
    return planSource(await sourceOf(t, { ...PLANS["rack"], ...archives }), NONE);
  };
  const all = await planOf("rack-1.0", "puma-1.0");
  assert.match(String(all.steps["dependencies"]?.commands[0]), /^bundle install --jobs 4 --local && /);
  assert.equal(all.steps["dependencies"]?.network, undefined);
  assert.deepEqual(all.deploy.copies.at(-1)?.exclude, ["vendor/cache/*.gem"]);
  const some = await planOf("rack-1.0");
  assert.equal(some.steps["dependencies"]?.network, "host");
  assert.ok(some.steps["dependencies"]?.copies?.[0]?.include?.includes("vendor/cache"));
});

/** What an application is, its files, and what starts it, without what puts the port in. */
const STARTS: readonly [string, Record<string, string>, string | undefined][] = [
  ["Rails", RAILS, "bundle exec rails server --binding 0.0.0.0 --pid /dev/shm/rails.pid"],
  ["Rack with Puma", PLANS["rack"] ?? {}, "bundle exec puma --bind tcp://0.0.0.0:$PORT config.ru"],
  ["Rack alone", { "config.ru": "" }, "rackup --host 0.0.0.0 --port $PORT config.ru"],
  [
    "Sinatra",
    { Gemfile: 'gem "sinatra"', "app.rb": "require 'sinatra'\n" },
    "bundle exec ruby app.rb -e production -o 0.0.0.0 -p $PORT",
  ],
  ["a script", { "server.rb": "", "main.rb": "" }, "ruby main.rb"],
  ["rake", { Gemfile: "", Rakefile: "" }, "bundle exec rake"],
  ["nothing that starts", { Gemfile: "" }, undefined],
];

for (const [title, files, line] of STARTS) {
  test(`${title} is started by ${line ?? "nobody knows what"}`, async (t) => {
    const source = await sourceOf(t, files);
    const start = findStart(source, readGems(source));
    assert.equal(start?.slice(start[1] === "--disable-gems" ? 4 : 0).join(" "), line);
  });
}

test("gems are read from the Gemfile and its lock, and where they come from", async (t) => {
  const source = await sourceOf(t, {
    Gemfile: 'gem "a", "~> 1"\n  gem(\'b\', git: "https://example.test/b")\n',
    "Gemfile.lock": lockOf("c-d", "e_f"),
  });
  const { names, from, bundler } = readGems(source);
  assert.deepEqual([...names], ["a", "b", "c-d", "e_f"]);
  assert.deepEqual([from, bundler], ["git", "locked"]);
});

test("a Ruby is chosen that the project takes, and what cannot be had is told", async (t) => {
  const releaseOf = async (version: string): Promise<string | undefined> => {
    const source = await sourceOf(t, { "app.rb": "", ".ruby-version": version });
    return planSource(source, NONE).deploy.root[0]?.split(":").at(-1);
  };
  assert.equal(await releaseOf("3.1.2"), "bookworm");
  assert.equal(await releaseOf("ruby-3.3.6"), "trixie");
  await assert.rejects(releaseOf("3.2"), { code: "VERSION_UNAVAILABLE", message: /there is 3\.1, 3\.3$/ });
});
