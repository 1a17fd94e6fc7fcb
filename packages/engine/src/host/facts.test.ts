import assert from "node:assert/strict";
import { test } from "node:test";
import { hostFacts } from "./facts.ts";
import { findProgram } from "./program.ts";

test("every fact has a name of its own, says what was found and what it is for", async () => {
  const facts = await hostFacts();
  assert.equal(new Set(facts.map(({ name }) => name)).size, facts.length);
  for (const fact of facts) {
    assert.notEqual(fact.found, "", fact.name);
    assert.notEqual(fact.purpose, "", fact.name);
  }
});

test("where the programs are missing, that is a fact and not a failure", async () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nonexistent";
  try {
    const missing = (await hostFacts()).filter(({ state }) => state === "missing");
    assert.ok(missing.some(({ name, packages }) => name === "skopeo" && packages.includes("skopeo")));
    for (const fact of missing) {
      assert.notEqual(fact.found, "", fact.name);
    }
  } finally {
    process.env["PATH"] = path;
  }
});

test("a program is found in PATH and in sbin, a directory of that name is not one", () => {
  assert.match(findProgram("sh") ?? "", /\/sh$/);
  assert.equal(findProgram("bin/.."), undefined);
  assert.equal(findProgram("there-is-no-such-program"), undefined);
});
