import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatPlatform,
  isSamePlatform,
  matchPlatform,
  normalizePlatform,
  parsePlatform,
  rankPlatform,
} from "./index.ts";
import type { Platform } from "./index.ts";

for (const [given, expected] of [
  ["linux/amd64", "linux/amd64"],
  ["Linux/X86_64", "linux/amd64"],
  ["linux/x86-64", "linux/amd64"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["linux/i386", "linux/386"],
  ["linux/aarch64", "linux/arm64"],
  ["linux/arm64/v8", "linux/arm64"],
  ["linux/arm64/8", "linux/arm64"],
  ["linux/arm64/v8.0", "linux/arm64"],
  ["linux/arm64/v9.0", "linux/arm64/v9"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/arm/7", "linux/arm/v7"],
  ["linux/armhf", "linux/arm/v7"],
  ["linux/armel", "linux/arm/v6"],
  ["macos/arm64", "darwin/arm64"],
  ["arm64", "linux/arm64"],
  ["windows/amd64:10.0.20348.1", "windows/amd64:10.0.20348.1"],
] as const) {
  test(`${given} is the platform ${expected}`, () => {
    const platform = parsePlatform(given);
    assert.equal(formatPlatform(platform), expected);
    assert.deepEqual(parsePlatform(expected), platform);
    assert.deepEqual(normalizePlatform(platform), platform);
  });
}

for (const given of [
  "",
  "linux",
  "linux/",
  "/amd64",
  "a/b/c/d",
  "linux/amd64:",
  "linux/amd 64",
  "linux//v7",
]) {
  test(`${JSON.stringify(given)} is no platform`, () => {
    assert.throws(() => parsePlatform(given), { code: "INVALID_PLATFORM", kind: "usage" });
  });
}

// For each platform those that run on it, the best first, as containerd's Only orders them.
const RUNS: Readonly<Record<string, readonly string[]>> = {
  "linux/amd64": ["linux/amd64", "linux/386"],
  "linux/amd64/v3": ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"],
  "linux/386": ["linux/386"],
  "linux/arm/v8": ["linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"],
  "linux/arm": ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"],
  "linux/arm/v6": ["linux/arm/v6", "linux/arm/v5"],
  "linux/arm/v5": ["linux/arm/v5"],
  "linux/arm64": ["linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"],
  "linux/arm64/v8.2": [
    "linux/arm64/v8.2",
    "linux/arm64/v8.1",
    "linux/arm64/v8",
    "linux/arm/v8",
    "linux/arm/v5",
  ],
  "linux/arm64/v9": ["linux/arm64/v9", "linux/arm64/v8.5", "linux/arm64/v8.1", "linux/arm64", "linux/arm/v8"],
  "linux/arm64/v9.2": [
    "linux/arm64/v9.2",
    "linux/arm64/v9.1",
    "linux/arm64/v9",
    "linux/arm64/v8.7",
    "linux/arm64",
  ],
  "linux/riscv64/rva22u64": ["linux/riscv64/rva22u64", "linux/riscv64/rva20u64", "linux/riscv64"],
  "linux/ppc64le/power9": ["linux/ppc64le/power9", "linux/ppc64le/power8", "linux/ppc64le"],
  "linux/s390x": ["linux/s390x"],
  "linux/mips64/odd": ["linux/mips64/odd"],
  "darwin/arm64": ["darwin/arm64"],
};

const EVERY = [...new Set(Object.values(RUNS).flat())].map(parsePlatform);

for (const [wanted, expected] of Object.entries(RUNS)) {
  test(`${wanted} runs ${expected.join(", ")}, in this order`, () => {
    const platform = parsePlatform(wanted);
    const ranks = expected.map((offered) => rankPlatform(platform, parsePlatform(offered)));
    assert.ok(!ranks.includes(undefined), `each must match: ${ranks.join()}`);
    assert.deepEqual(
      ranks,
      ranks.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    );
    assert.equal(ranks[0], 0);
  });
}

test("nothing runs on a platform that is of another system, processor or later version", () => {
  for (const [wanted, offered] of [
    ["linux/amd64", "windows/amd64"],
    ["linux/amd64", "linux/amd64/v2"],
    ["linux/amd64", "linux/arm64"],
    ["linux/386", "linux/amd64"],
    ["linux/arm/v6", "linux/arm/v7"],
    ["linux/arm/v7", "linux/arm64"],
    ["linux/arm64", "linux/arm64/v8.1"],
    ["linux/arm64/v8.9", "linux/arm64/v9"],
    ["linux/riscv64", "linux/riscv64/rva20u64"],
    ["linux/amd64", "unknown/unknown"],
  ] as const) {
    assert.equal(matchPlatform(parsePlatform(wanted), parsePlatform(offered)), false, `${wanted} ${offered}`);
  }
  for (const platform of EVERY) assert.equal(rankPlatform(platform, platform), 0, formatPlatform(platform));
});

const windows = (version?: string): Platform => ({
  os: "windows",
  architecture: "amd64",
  "os.version": version,
});

test("Windows takes a later revision of the same build and no other build", () => {
  const wanted = parsePlatform("windows/amd64:10.0.20348");
  assert.equal(matchPlatform(wanted, windows("10.0.20348.2113")), true);
  assert.equal(matchPlatform(wanted, windows()), true);
  assert.equal(matchPlatform(wanted, windows("10.0.203481")), false);
  assert.equal(matchPlatform(wanted, windows("10.0.17763.1")), false);
});

test("an image that needs a feature suits where it is, or where nothing is said of features", () => {
  const base = { os: "windows", architecture: "amd64" };
  const needs = { ...base, "os.features": ["win32k"] };
  assert.equal(matchPlatform({ ...base, "os.features": ["win32k"] }, needs), true);
  assert.equal(matchPlatform({ ...base, "os.features": [] }, needs), false);
  assert.equal(matchPlatform(base, needs), true);
});

test("the same platform under two names is the same, and one that merely runs is not", () => {
  assert.equal(
    isSamePlatform(parsePlatform("linux/arm64"), { os: "linux", architecture: "aarch64", variant: "v8" }),
    true,
  );
  assert.equal(isSamePlatform(parsePlatform("linux/arm64"), parsePlatform("linux/arm/v7")), false);
});
