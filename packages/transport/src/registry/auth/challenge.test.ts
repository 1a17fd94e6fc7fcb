import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseChallenges } from "./challenge.ts";

const CASES: readonly (readonly [string, readonly string[], unknown])[] = [
  ["one scheme without parameters", ["Negotiate"], [{ scheme: "negotiate", parameters: {} }]],
  ["a realm in quotes", ['Basic realm="a b"'], [{ scheme: "basic", parameters: { realm: "a b" } }]],
  [
    "commas within quotes belong to the text",
    ['Bearer realm="https://a/t",scope="repository:x:pull,push",error="insufficient_scope"'],
    [
      {
        scheme: "bearer",
        parameters: { realm: "https://a/t", scope: "repository:x:pull,push", error: "insufficient_scope" },
      },
    ],
  ],
  [
    "several schemes in one value",
    ['Basic realm="a", Bearer realm="https://b", service=reg'],
    [
      { scheme: "basic", parameters: { realm: "a" } },
      { scheme: "bearer", parameters: { realm: "https://b", service: "reg" } },
    ],
  ],
  [
    "several schemes in several values",
    ['BASIC Realm="a"', "bearer realm=https://b"],
    [
      { scheme: "basic", parameters: { realm: "a" } },
      { scheme: "bearer", parameters: { realm: "https://b" } },
    ],
  ],
  [
    "a token68 between others",
    ['Negotiate YWJj==, Basic realm="a"'],
    [
      { scheme: "negotiate", parameters: {} },
      { scheme: "basic", parameters: { realm: "a" } },
    ],
  ],
  [
    "quotes within quotes",
    ['Basic realm="a \\"b\\""'],
    [{ scheme: "basic", parameters: { realm: 'a "b"' } }],
  ],
  [
    "several scopes in one parameter",
    ['Bearer realm="https://a",scope="repository:a:pull repository:b:pull"'],
    [{ scheme: "bearer", parameters: { realm: "https://a", scope: "repository:a:pull repository:b:pull" } }],
  ],
  ["what is no challenge", ["", ",,,", '="'], []],
];

for (const [name, values, expected] of CASES) {
  test(`WWW-Authenticate: ${name}`, () => {
    assert.deepEqual(parseChallenges(values), expected);
  });
}

test("any text is read to its end without a fault", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'ab =,"\\ \t:/B'.split("")) })), (values) => {
      parseChallenges(values);
    }),
  );
});
