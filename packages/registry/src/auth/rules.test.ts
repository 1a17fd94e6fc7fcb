import assert from "node:assert/strict";
import { test } from "node:test";
import { RegistryError } from "../errors.ts";
import type { Action } from "./authorize.ts";
import { parseRules } from "./rules.ts";

const TEXTS = {
  rules: [
    "* pull public/**",
    "@users pull,push,delete home/{user}/**,home/{user}",
    "@ops all **",
    "carl pull,make apt/**,team-*/app",
    "dora list **",
    "dora,carl push team-*/*/x",
  ],
  groups: ["ops=olga,otto", "empty=nobody"],
};

/** Who, what, where, and whether they may. Nobody is a visitor without a name. */
const TABLE: readonly (readonly [who: string, action: Action, repository: string, may: "may" | "may not"])[] =
  [
    ["nobody", "pull", "public/a", "may"],
    ["nobody", "pull", "public/a/b/c", "may"],
    ["nobody", "pull", "public", "may"],
    ["nobody", "pull", "publicity/a", "may not"],
    ["nobody", "push", "public/a", "may not"],
    ["nobody", "pull", "home/anna/a", "may not"],
    ["anna", "push", "home/anna/a", "may"],
    ["anna", "delete", "home/anna", "may"],
    ["anna", "push", "home/bert/a", "may not"],
    ["anna", "push", "home/annabel/a", "may not"],
    ["anna", "make", "home/anna/a", "may not"],
    ["anna", "pull", "public/x", "may"],
    ["olga", "delete", "anything/at/all", "may"],
    ["olga", "make", "apt/curl", "may"],
    ["olga", "list", "", "may"],
    ["otto", "push", "home/anna/a", "may"],
    ["ops", "push", "home/anna/a", "may not"],
    ["@ops", "push", "home/anna/a", "may not"],
    ["*", "push", "home/anna/a", "may not"],
    ["**", "push", "home/anna/a", "may not"],
    ["anna/b", "push", "home/anna/b/c", "may not"],
    ["..", "push", "home/anna", "may not"],
    ["", "push", "home//a", "may not"],
    ["carl", "make", "apt/curl/jq", "may"],
    ["carl", "make", "npm/x", "may not"],
    ["carl", "pull", "team-red/app", "may"],
    ["carl", "pull", "team-/app", "may"],
    ["carl", "pull", "team-red/other", "may not"],
    ["carl", "pull", "team-red/app/deep", "may not"],
    ["carl", "pull", "xteam-red/app", "may not"],
    ["carl", "push", "team-red/mid/x", "may"],
    ["carl", "push", "team-red/x", "may not"],
    ["carl", "list", "", "may not"],
    ["dora", "list", "", "may"],
    ["dora", "pull", "private/a", "may not"],
    ["nobody", "list", "", "may not"],
  ];

for (const [who, action, repository, may] of TABLE) {
  test(`${who || "''"} ${may} ${action} ${repository}`, () => {
    const allows = parseRules(TEXTS);
    const username = who === "nobody" ? undefined : who;
    const access = { action, repository: repository === "" ? undefined : repository };
    assert.equal(allows(username, access), may === "may");
  });
}

test("without rules nobody may do anything", () => {
  assert.equal(parseRules({ rules: [], groups: [] })("anna", { action: "pull", repository: "a" }), false);
});

test("a rule that means nothing is refused, with what would", () => {
  for (const [rule, message] of [
    ["anna pull", /no rule/],
    ["anna pull a b", /no rule/],
    ["anna pul a", /about "pul"/],
    ["@ups pull a", /no such group/],
    ["anna pull A", /matches no repository/],
    ["anna pull a//b", /matches no repository/],
    ["anna pull a/**b?", /matches no repository/],
  ] as const) {
    assert.throws(
      () => parseRules({ rules: [rule], groups: [] }),
      (error) =>
        error instanceof RegistryError && error.code === "CONFIG_INVALID" && message.test(error.message),
      rule,
    );
  }
  for (const group of ["ops", "ops=", "=a", "users=a", "a b=c"]) {
    assert.throws(() => parseRules({ rules: [], groups: [group] }), /no group/);
  }
});

test("a pattern of many stars and a long name are matched without trying all ways", () => {
  const pattern = `${"**/".repeat(50)}x/${"a*".repeat(20)}`;
  const allows = parseRules({ rules: [`* pull ${pattern}`], groups: [] });
  const repository = `${"a/".repeat(100)}${"a".repeat(50)}`;
  assert.equal(allows(undefined, { action: "pull", repository }), false);
});
