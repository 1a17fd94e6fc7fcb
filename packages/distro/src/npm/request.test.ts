import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequest, readPackage } from "./request.ts";

test("a scope and the name after it are one package", () => {
  assert.deepEqual(parseRequest("@scope/pkg=1.2/cowsay/@a/b:next"), {
    packages: ["@scope/pkg=1.2", "cowsay", "@a/b"],
    release: "next",
  });
  assert.deepEqual(parseRequest("cowsay"), { packages: ["cowsay"], release: undefined });
  assert.deepEqual(readPackage("@scope/pkg=>=1.2 <2"), { name: "@scope/pkg", wanted: ">=1.2 <2" });
});

test("what is no package, or would lead elsewhere than to the registry, is refused", () => {
  const wrong = [
    "",
    "/",
    "cowsay/",
    "@scope",
    "cowsay/@scope",
    "../etc",
    ".hidden",
    "_private",
    "node_modules",
    "cow say",
    "cowsay=",
    "cowsay:file:..",
    "cowsay=git+ssh",
    "cowsay:",
    "cowsay:a/b",
    "cowsay: ",
    "cowsay/cowsay=1.6.0",
    "+global",
    "a".repeat(215),
    "cowsay\n",
  ];
  for (const rest of wrong) {
    assert.throws(() => parseRequest(rest), { code: "REQUEST_INVALID", kind: "usage" }, rest);
  }
});

test("the runtime is named like a package", () => {
  assert.deepEqual(parseRequest("cowsay/node=22.23.3").packages, ["cowsay", "node=22.23.3"]);
  assert.deepEqual(parseRequest("node=>=22").packages, ["node=>=22"]);
});
