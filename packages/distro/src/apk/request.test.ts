import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequest } from "./request.ts";

test("packages, and a release where one is named", () => {
  const rows: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ["nginx", ["nginx"], undefined],
    ["nginx/git~2:3.20", ["nginx", "git~2"], "3.20"],
    ["curl/!bash:edge", ["curl", "!bash"], "edge"],
    ["a@edge>=1.0-r0:wolfi", ["a@edge>=1.0-r0"], "wolfi"],
    ["so:libz.so.1/cmd:git:v3.20", ["so:libz.so.1", "cmd:git"], "v3.20"],
    ["curl/so:libz.so.1", ["curl", "so:libz.so.1"], undefined],
    ["!pc:zlib", ["!pc:zlib"], undefined],
    ["py3.11:urllib3:edge", ["py3.11:urllib3"], "edge"],
    ["bash:latest", ["bash"], undefined],
    ["git/nginx/git", ["git", "nginx"], undefined],
  ];
  for (const [rest, packages, release] of rows)
    assert.deepEqual(parseRequest(rest), { packages, release }, rest);
});

test("what is no list of packages is refused, and named", () => {
  for (const rest of ["", "a//b", "a/", ":3.20", "a=1_x", "a:", "a:3 20"]) {
    assert.throws(() => parseRequest(rest), { code: "REQUEST_INVALID", kind: "usage" }, rest);
  }
});
