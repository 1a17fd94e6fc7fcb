import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { RegistryError } from "./errors.ts";
import { isRepositoryName } from "./names.ts";
import { parseRoute } from "./route.ts";

const WORDS = ["manifests", "blobs", "uploads", "tags", "list", "referrers", "v2"];
const component = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.stringMatching(/^[a-z0-9]{1,8}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/),
);
const repositoryName = fc.array(component, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
const digest = fc.stringMatching(/^sha256:[0-9a-f]{64}$/);
const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/);

test("every name goes through every path, also one made of the API's own words", () => {
  fc.assert(
    fc.property(repositoryName, digest, tag, (repository, someDigest, someTag) => {
      const cases = [
        [`manifests/${someTag}`, { kind: "manifest", repository, reference: someTag }],
        [`manifests/${someDigest}`, { kind: "manifest", repository, reference: someDigest }],
        [`blobs/${someDigest}`, { kind: "blob", repository, digest: someDigest }],
        [`blobs/${encodeURIComponent(someDigest)}`, { kind: "blob", repository, digest: someDigest }],
        ["blobs/uploads/", { kind: "uploads", repository }],
        ["blobs/uploads/0-1-2", { kind: "upload", repository, id: "0-1-2" }],
        ["tags/list", { kind: "tags", repository }],
        [`referrers/${someDigest}`, { kind: "referrers", repository, digest: someDigest }],
      ] as const;
      for (const [rest, route] of cases) assert.deepEqual(parseRoute(`/v2/${repository}/${rest}`), route);
    }),
  );
});

test("whatever a path says, a repository's name that comes out follows the grammar", () => {
  const odd = fc.constantFrom(
    ...Array.from("/%.-_:?#\\\0 AZaz09é"),
    "..",
    "%2e",
    "%2f",
    "%00",
    "//",
    ...WORDS,
  );
  fc.assert(
    fc.property(fc.array(odd, { maxLength: 20 }), (parts) => {
      try {
        const route = parseRoute(`/v2/${parts.join("")}`);
        if (route !== undefined && "repository" in route) assert.ok(isRepositoryName(route.repository));
      } catch (error) {
        assert.ok(error instanceof RegistryError && error.code === "NAME_INVALID");
      }
    }),
    { numRuns: 2000 },
  );
});

test("a long name with a bad end is refused without trying all ways to read it", () => {
  assert.equal(isRepositoryName(`${"a-".repeat(127)}!`), false);
  assert.equal(isRepositoryName("a".repeat(255)), true);
  assert.equal(isRepositoryName("a".repeat(256)), false);
});
