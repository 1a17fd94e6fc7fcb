import assert from "node:assert/strict";
import { test } from "node:test";
import type { Platform } from "@cooper/oci";
import { type Demand, demandOf, parseRequest } from "./request.ts";

const AMD64 = { os: "linux", architecture: "amd64" };

function demand(rest: string, platform: Platform = AMD64): Demand {
  return demandOf(parseRequest(rest), platform);
}

function attributes(rest: string): readonly string[] {
  return demand(rest).wanted.map(({ attribute }) => attribute);
}

test("packages, versions and a channel are told apart", () => {
  assert.deepEqual(parseRequest("curl=8.7.1/xorg.xev:nixos-24.05"), {
    packages: ["curl=8.7.1", "xorg.xev"],
    release: "nixos-24.05",
  });
  assert.deepEqual(parseRequest("curl"), { packages: ["curl"] });
  assert.deepEqual(demand("curl=8.7.1").wanted, [{ attribute: "curl", version: "8.7.1" }]);
});

test("what is no attribute or no channel is refused", () => {
  const bad = [
    "",
    "/",
    "a//b",
    "a/",
    "a..b",
    ".a",
    "a.",
    "a b",
    "$(a)",
    "a=",
    "../a",
    "a:",
    "a:b/c",
    "a:..",
    'a"b',
    "a\n",
  ];
  for (const rest of bad) assert.throws(() => parseRequest(rest), { code: "REQUEST_INVALID" }, rest);
});

test("shell stands for a shell at the beginning, and for itself elsewhere", () => {
  assert.deepEqual(attributes("shell/git"), ["bashInteractive", "coreutils", "moreutils", "nano", "git"]);
  assert.deepEqual(attributes("git/shell"), ["git", "shell"]);
  assert.equal(demand("shell").hasShell, true);
  assert.equal(demand("git/shell").hasShell, false);
  assert.deepEqual(
    demand("git").added.map(({ attribute }) => attribute),
    ["cacert", "iana-etc"],
  );
});

test("an architecture at the beginning counts, whatever platform is asked for", () => {
  for (const rest of ["arm64/git", "shell/arm64/git", "arm64/shell/git"]) {
    assert.equal(demand(rest).system, "aarch64-linux");
    assert.deepEqual(demand(rest).platform, { os: "linux", architecture: "arm64" });
  }
  assert.equal(
    demand("amd64/git", { os: "linux", architecture: "arm64", variant: "v8" }).system,
    "x86_64-linux",
  );
  assert.throws(() => demand("arm64"), { code: "REQUEST_INVALID" });
});

function systemOf(architecture: string, variant?: string): string {
  return demand("git", { os: "linux", architecture, ...(variant === undefined ? {} : { variant }) }).system;
}

test("a platform is a system of Nix, or there is nothing for it", () => {
  assert.equal(systemOf("amd64"), "x86_64-linux");
  assert.equal(systemOf("arm", "v6"), "armv6l-linux");
  assert.equal(systemOf("arm"), "armv7l-linux");
  assert.equal(systemOf("386"), "i686-linux");
  assert.throws(() => systemOf("constructor"), { code: "PLATFORM_UNSUPPORTED" });
  assert.throws(() => demand("git", { os: "windows", architecture: "amd64" }), {
    code: "PLATFORM_UNSUPPORTED",
  });
});
