import assert from "node:assert/strict";
import { test } from "node:test";
import { coversScopes, mergeScopes, parseScopes, repositoryScope } from "./scope.ts";

test("scopes of one resource become one, and the first stays first", () => {
  const merged = mergeScopes(["repository:b:pull,push", "repository:a:pull", "repository:b:delete,pull"]);
  assert.deepEqual(merged, ["repository:b:pull,push,delete", "repository:a:pull"]);
});

test("a token serves for what it was asked for, and for less", () => {
  const held = ["repository:host:5000/a:pull,push", "registry:catalog:*"];
  assert.ok(coversScopes(held, ["repository:host:5000/a:pull"]));
  assert.ok(coversScopes(held, []));
  assert.ok(!coversScopes(held, ["repository:host:5000/a:delete"]));
  assert.ok(!coversScopes(held, ["repository:host:5000/b:pull"]));
});

test("a challenge may ask for several scopes at once", () => {
  assert.deepEqual(parseScopes("repository:a:pull  repository:b:pull,push nonsense"), [
    repositoryScope("a", "pull"),
    repositoryScope("b", "pull", "push"),
  ]);
  assert.deepEqual(parseScopes(undefined), []);
});
