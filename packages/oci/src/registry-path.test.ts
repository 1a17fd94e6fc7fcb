import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatReference, isRepositoryName, isTag, referenceOfPath, registryPathOf } from "./index.ts";

const digest = `sha256:${"c4ff7a2b".repeat(8)}`;
const hex = digest.slice("sha256:".length);

const NAMES: readonly (readonly [reference: string, repository: string, tag: string])[] = [
  ["apt:curl/jq", "apt/curl/jq", "latest"],
  ["apt:curl/jq:bookworm", "apt/curl/jq", "bookworm"],
  ["apt:curl=7.88.1-10+deb12u8/jq", "apt/curl__e7.88.1-10__pdeb12u8/jq", "latest"],
  ["apt:vim=2:9.0.1378-2", "apt/vim__e2__c9.0.1378-2", "latest"],
  ["apt:vim=2:9.0.1378-2:bookworm", "apt/vim__e2__c9.0.1378-2", "bookworm"],
  ["apt:g++:bookworm-backports", "apt/g__p__p", "bookworm-backports"],
  ["apt:libstdc++6", "apt/libstdc__p__p6", "latest"],
  ["apk:lua5.3-lpeg:3.20", "apk/lua5.3-lpeg", "3.20"],
  ["nix:python3Packages.numpy:24.05", "nix/python3__upackages.numpy", "24.05"],
  ["npm:@types/node:20.1", "npm/0__atypes/node", "20.1"],
  ["npm:cowsay=1.6.0/@a/b_c", "npm/cowsay__e1.6.0/0__aa/b_c", "latest"],
  ["git:example.org/Me/it:feature/x", "git/example.org/0__ume/it", "feature__x2fx"],
  ["random:x:3x1M", "random/x", "3x1M"],
  ["mirror:docker://docker.io/library/alpine:3", "mirror/docker.io/library/alpine", "3"],
  ["flatten:docker://docker.io/library/alpine:v__1", "flatten/docker.io/library/alpine", "v__1"],
  ["flatten:docker://127.0.0.1:5000/a/b:1", "flatten/127.0.0.1__c5000/a/b", "1"],
  ["flatten:docker://ghcr.io/a__b/c:1", "flatten/ghcr.io/a__x5f_b/c", "1"],
  [
    "zstd:flatten:mirror:docker://docker.io/library/alpine:3",
    "zstd/flatten/mirror/docker.io/library/alpine",
    "3",
  ],
  ["zstd:apt:curl/jq:bookworm", "zstd/apt/curl/jq", "bookworm"],
  [`flatten:docker://ghcr.io/a/b@${digest}`, `flatten/ghcr.io/a/b__asha256__c${hex}`, "latest"],
  [`flatten:docker://ghcr.io/a/b:v1@${digest}`, `flatten/ghcr.io/a/b__asha256__c${hex}`, "v1"],
];

test("what a registry makes has one name as a reference and one as a path", () => {
  for (const [reference, repository, tag] of NAMES) {
    assert.deepEqual(registryPathOf(reference), { repository, tag }, reference);
    assert.ok(isRepositoryName(repository) && isTag(tag), repository);
    assert.equal(formatReference(referenceOfPath({ repository, tag })), reference);
  }
});

test("latest says no more than no tag, and a short name of Docker Hub means the whole one", () => {
  assert.deepEqual(registryPathOf("apt:jq:latest"), { repository: "apt/jq", tag: "latest" });
  assert.deepEqual(registryPathOf("flatten:alpine"), {
    repository: "flatten/docker.io/library/alpine",
    tag: "latest",
  });
  assert.equal(
    formatReference(referenceOfPath({ repository: "flatten/alpine", tag: "3" })),
    "flatten:docker://docker.io/library/alpine:3",
  );
});

test("what is on this machine, or too long, has no path, and what is no spelling no reference", () => {
  for (const reference of [
    "flatten:oci:dir:v1",
    "flatten:store:app",
    "alpine:3",
    "oci:dir",
    "apt:curl//jq",
    "apt:naïve",
    "apt:a b",
    `apt:${"a".repeat(300)}`,
    `apt:a:${"b".repeat(129)}`,
  ]) {
    assert.throws(() => registryPathOf(reference), { code: "INVALID_REFERENCE" }, reference);
  }
  for (const repository of [
    "apt",
    "flatten",
    "zstd/flatten",
    "mine/tools",
    "apt/curl__q",
    "apt/a__x2fb", // a slash
    "apt/a__x00",
    "apt/a__x20b",
    "apt/Curl",
    "flatten/docker.io/library/alpine__cfoo/x",
  ]) {
    assert.throws(
      () => referenceOfPath({ repository, tag: "latest" }),
      { code: "INVALID_REFERENCE" },
      repository,
    );
  }
});

test("any text of package managers goes into a path that every client takes, and comes back", () => {
  const character = fc.constantFrom(...Array.from("aZ09+=~@._-%^{}'"));
  const part = fc.string({ unit: character, minLength: 1, maxLength: 12 });
  const release = fc.string({
    unit: fc.constantFrom(...Array.from("aZ09+~._-/")),
    minLength: 1,
    maxLength: 12,
  });
  const scheme = fc.constantFrom("apt", "apk", "nix", "npm", "zstd:nix", "zstd:flatten:apt");
  fc.assert(
    fc.property(
      scheme,
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.option(release),
      (name, parts, end) => {
        fc.pre(end !== "latest");
        const reference = `${name}:${parts.join("/")}${end === null ? "" : `:${end}`}`;
        // An epoch's colon is none before a release.
        fc.pre(end === null || !/=\d+$/.test(parts.join("/")));
        const path = registryPathOf(reference);
        assert.ok(isRepositoryName(path.repository), path.repository);
        assert.ok(isTag(path.tag), path.tag);
        assert.equal(formatReference(referenceOfPath(path)), reference);
      },
    ),
    { numRuns: 3000 },
  );
});

test("a path that is read means what its own spelling means", () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,3}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,4}){0,3}$/);
  fc.assert(
    fc.property(
      fc.constantFrom("apt", "flatten", "zstd/mirror", "random"),
      fc.array(component, { minLength: 1, maxLength: 4 }),
      (scheme, components) => {
        const read = readOrNothing(`${scheme}/${components.join("/")}`);
        if (read === undefined) return;
        const again = registryPathOf(read);
        assert.equal(formatReference(referenceOfPath(again)), read);
      },
    ),
    { numRuns: 3000 },
  );
});

function readOrNothing(repository: string): string | undefined {
  try {
    return formatReference(referenceOfPath({ repository, tag: "1" }));
  } catch (error) {
    assert.match(String(error), /is not a reference|is no escape/);
    return undefined;
  }
}
