import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyFor } from "./proxy.ts";

const CASES: readonly (readonly [string, string, Record<string, string>, string | undefined])[] = [
  ["none is set", "https://a.example", {}, undefined],
  ["https", "https://a.example", { HTTPS_PROXY: "http://p:1" }, "http://p:1"],
  ["http", "http://a.example", { HTTPS_PROXY: "http://p:1", HTTP_PROXY: "http://q:2" }, "http://q:2"],
  [
    "lower case comes first",
    "https://a.example",
    { https_proxy: "http://l:1", HTTPS_PROXY: "http://u:1" },
    "http://l:1",
  ],
  ["a proxy for all", "http://a.example", { ALL_PROXY: "http://p:1" }, "http://p:1"],
  ["no scheme", "https://a.example", { HTTPS_PROXY: "p:1" }, "http://p:1"],
  ["the machine itself", "http://127.0.0.1:5000", { HTTP_PROXY: "http://p:1" }, undefined],
  ["everything excepted", "https://a.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, undefined],
  ["a host", "https://a.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: "b.example, A.example" }, undefined],
  ["a domain", "https://x.a.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: ".a.example" }, undefined],
  [
    "a domain as a wildcard",
    "https://a.example",
    { HTTPS_PROXY: "http://p:1", NO_PROXY: "*.a.example" },
    "http://p:1",
  ],
  [
    "a part of a name",
    "https://ba.example",
    { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example" },
    "http://p:1",
  ],
  ["a port", "https://a.example:444", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example:444" }, undefined],
  [
    "another port",
    "https://a.example",
    { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example:444" },
    "http://p:1",
  ],
];
for (const [name, url, environment, expected] of CASES) {
  test(`the proxy by the environment: ${name}`, () => {
    assert.equal(proxyFor(new URL(url), environment), expected);
  });
}
