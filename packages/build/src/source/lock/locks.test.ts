import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lock } from "@cooper/distro";
import { parseDigest } from "@cooper/oci";
import { diffSourceLocks } from "./difference.ts";
import { type Locks, packageLocks, parseLocks } from "./locks.ts";
import { lockedPart, lockedReference } from "./references.ts";

const OLD = parseDigest(`sha256:${"a".repeat(64)}`);
const NEW = parseDigest(`sha256:${"b".repeat(64)}`);

const SOLUTIONS: Lock["solutions"] = [
  {
    ecosystem: "apt",
    platform: { os: "linux", architecture: "amd64" },
    request: { packages: ["jq"] },
    repositories: [],
    packages: [],
  },
];

const LOCKS: Locks = {
  "alpine:3": { digest: OLD },
  "apt:jq": { solutions: SOLUTIONS },
  "oci:base:1": { digest: OLD },
};

test("an image is opened by its digest, packages as they are called, and what is done to either alike", () => {
  const opened: Readonly<Record<string, string>> = {
    "alpine:3": `alpine:3@${OLD}`,
    "oci:base:1": `oci:base:1@${OLD}`,
    [`store:app@${OLD}`]: `store:app@${OLD}`,
    "flatten:zstd:alpine:3": `flatten:zstd:alpine:3@${OLD}`,
    "apt:jq": "apt:jq",
    "flatten:apt:jq": "flatten:apt:jq",
    "random:x:1x10": "random:x:1x10",
  };
  for (const [reference, expected] of Object.entries(opened))
    assert.equal(lockedReference(reference, LOCKS), expected);
  assert.equal(lockedPart("random:x:1x10"), undefined);
  assert.deepEqual(packageLocks(LOCKS), [{ version: 1, reference: "apt:jq", solutions: SOLUTIONS }]);
});

test("a reference without a lock is refused, and named", () => {
  for (const reference of ["apt:curl", "flatten:apt:curl"]) {
    assert.throws(() => lockedReference(reference, LOCKS), {
      code: "LOCK_OUTDATED",
      message: /nothing for apt:curl,/,
      advice: /cooper lock/,
    });
  }
});

test("locks are read out of a file of them and out of a plan, and what is none is refused by place", () => {
  const file = { version: 1, locks: LOCKS };
  assert.deepEqual(parseLocks(JSON.parse(JSON.stringify(file)), "cooper.lock"), LOCKS);
  assert.deepEqual(parseLocks({ ...file, providers: [], steps: {}, deploy: {} }, "plan.json"), LOCKS);
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ version: 1 }, /^cooper\.lock has no locks of version 1: locks/],
    [{ version: 2, locks: {} }, /version/],
    [{ version: 1, locks: { "alpine:3": { digest: "3" } } }, /locks\.alpine:3/],
    [{ version: 1, locks: { "apt:jq": { solutions: [] } } }, /locks\.apt:jq/],
  ];
  for (const [value, message] of wrong)
    assert.throws(() => parseLocks(value, "cooper.lock"), { code: "LOCK_INVALID", message });
});

test("what changed is told by reference: packages that come and go, and images", () => {
  const after: Locks = {
    "apt:jq": { solutions: SOLUTIONS },
    "oci:base:1": { digest: NEW },
    "oci:new": { digest: NEW },
  };
  const words = diffSourceLocks({ "alpine:3": { digest: OLD }, "oci:base:1": { digest: OLD } }, after).map(
    (change) => `${change.reference}: ${change.words}`,
  );
  assert.deepEqual(words, [
    `alpine:3: the image ${OLD} goes`,
    `oci:base:1: the image from ${OLD} to ${NEW}`,
    `oci:new: the image ${NEW} comes in`,
  ]);
  assert.deepEqual(diffSourceLocks(after, after), []);
});
