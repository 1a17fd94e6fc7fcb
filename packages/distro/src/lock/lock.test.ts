import assert from "node:assert/strict";
import { test } from "node:test";
import type { Solution } from "../ecosystem/solution.ts";
import { solvedPackage } from "../ecosystem/solved.fixture.ts";
import { diffLocks } from "./difference.ts";
import { formatLock, type Lock, parseLock, solutionsOf } from "./lock.ts";

const AMD64 = { os: "linux", architecture: "amd64" } as const;
const ARM64 = { os: "linux", architecture: "arm64", variant: "v8" } as const;

function solution(platform: Solution["platform"], ...packages: Solution["packages"]): Solution {
  return {
    ecosystem: "apt",
    platform,
    request: { packages: ["curl"], release: "bookworm" },
    repositories: [
      { path: "debian/dists/bookworm/main", index: `sha256:${"a".repeat(64)}`, signedBy: ["A1"] },
    ],
    packages,
  };
}

const LOCK: Lock = {
  version: 1,
  reference: "apt:curl:bookworm",
  solutions: [
    solution(AMD64, solvedPackage("libc6"), solvedPackage("curl", { details: { multiArch: "foreign" } })),
    solution(ARM64, solvedPackage("curl")),
  ],
};

test("a lock is read back as it was written, and written again it has the same bytes", () => {
  const text = formatLock(LOCK);
  assert.deepEqual(parseLock(text, "cooper.lock"), LOCK);
  assert.equal(formatLock(parseLock(text, "cooper.lock")), text);
});

function broken(change: (lock: Record<string, unknown>) => void): string {
  const lock = JSON.parse(formatLock(LOCK)) as Record<string, unknown>;
  change(lock);
  return JSON.stringify(lock);
}

test("what is no lock is refused with the file and the place in it", () => {
  const cases: readonly [string, RegExp][] = [
    ["{", /^my\.lock is not JSON/],
    [broken((lock) => (lock["version"] = 2)), /^my\.lock is no lock of version 1: version/],
    [broken((lock) => (lock["solutions"] = [])), /solutions/],
    [broken((lock) => (lock["extra"] = 1)), /extra/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseLock(text, "my.lock"), { code: "LOCK_INVALID", message });
  }
});

test("a lock that names a host is refused: it would say where one machine found a package", () => {
  for (const path of ["https://mirror.example/pool/curl.deb", "//mirror.example/curl.deb"]) {
    const lock: Lock = { ...LOCK, solutions: [solution(AMD64, solvedPackage("curl", { path }))] };
    assert.throws(() => parseLock(formatLock(lock), "my.lock"), {
      code: "LOCK_INVALID",
      message: /solutions\.0\.packages\.0\.path: is an address/,
    });
  }
});

test("a lock serves its own reference and its own platforms, and no others", () => {
  assert.deepEqual(solutionsOf([LOCK], "apt:curl:bookworm", []), LOCK.solutions);
  assert.deepEqual(solutionsOf([LOCK], "apt:curl:bookworm", [ARM64]), [LOCK.solutions[1]]);
  assert.throws(() => solutionsOf([LOCK], "apt:wget", []), {
    code: "LOCK_INVALID",
    message: /for apt:curl:bookworm/,
  });
  assert.throws(() => solutionsOf([LOCK], "apt:curl:bookworm", [{ os: "linux", architecture: "s390x" }]), {
    code: "LOCK_INVALID",
    message: /nothing for linux\/s390x/,
  });
});

test("the difference of two locks is told in words, by platform and name", () => {
  const before: Lock = {
    ...LOCK,
    solutions: [solution(AMD64, solvedPackage("curl"), solvedPackage("jq"), solvedPackage("zlib1g"))],
  };
  const after: Lock = {
    ...LOCK,
    solutions: [
      solution(
        AMD64,
        solvedPackage("curl", { version: "1.1" }),
        solvedPackage("libc6", { reason: "needed by curl" }),
        solvedPackage("zlib1g", { checksum: `sha256:${"b".repeat(64)}` }),
      ),
    ],
  };
  assert.deepEqual(
    diffLocks(before, after).map(({ words }) => words),
    [
      "curl from 1.0 to 1.1",
      "jq 1.0 goes",
      "libc6 1.0 comes in: needed by curl",
      "zlib1g 1.0 has the same version and other bytes",
    ],
  );
  assert.deepEqual(diffLocks(after, after), []);
});
