import assert from "node:assert/strict";
import { test } from "node:test";
import { formatReference } from "@cooper/oci";
import { nix } from "./nix.ts";

function read(repository: string, tag: string = "latest"): string {
  return formatReference(nix.read?.({ repository, tag }) ?? assert.fail());
}

test("Nixery's names are read: shell stands for four packages, arm64 in front says nothing here", () => {
  assert.equal(read("nix/hello"), "nix:hello");
  assert.equal(read("nix/shell/git/htop"), "nix:bashInteractive/coreutils/moreutils/nano/git/htop");
  assert.equal(read("nix/shell", "24.05"), "nix:bashInteractive/coreutils/moreutils/nano:24.05");
  assert.equal(read("nix/arm64/shell/git"), "nix:bashInteractive/coreutils/moreutils/nano/git");
  assert.equal(read("nix/arm64/hello"), "nix:hello");
  assert.equal(read("nix/shellcheck"), "nix:shellcheck");
  assert.equal(read("nix/python3__upackages.numpy"), "nix:python3Packages.numpy");
  assert.throws(() => read("nix/arm64"), { code: "INVALID_REFERENCE" }, "nothing follows");
});
