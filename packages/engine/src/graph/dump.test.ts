import assert from "node:assert/strict";
import { test } from "node:test";
import { digestBytes } from "@cooper/oci";
import { drawGraph, dumpGraph } from "./dump.ts";
import { makeStep } from "./step.ts";

const platform = { os: "linux", architecture: "amd64" } as const;
const packages = makeStep({ kind: "image", reference: "apt:curl/jq", platform, pinned: "2" });
const source = makeStep({ kind: "local", name: "source", include: [], exclude: ["*.md"] });
const commit = makeStep({
  kind: "git",
  url: "https://me:secret@git.example/a.git",
  commit: "0123456789".repeat(4),
});
const file = makeStep({
  kind: "http",
  url: "https://example/tool",
  digest: digestBytes(Buffer.from("")),
  path: "tool",
});
const copied = makeStep({ kind: "copy", copies: [{ source: ".", target: "app" }] }, [packages, source]);
const ran = makeStep({ kind: "exec", command: ["make"], environment: {}, directory: "/app" }, [
  copied,
  commit,
  file,
]);
const written = makeStep({ kind: "file", files: [{ kind: "symlink", path: "/app/now", to: "v1" }] }, [
  packages,
]);
const last = makeStep({ kind: "merge" }, [written, ran]);

test("every kind of operation is in the drawing, each step once", () => {
  assert.equal(
    drawGraph(last),
    `8 put upon each other
├─ 2 write /app/now
│  └─ 1 image apt:curl/jq
└─ 7 make
   ├─ 4 copy . to app
   │  ├─ 1 image apt:curl/jq
   │  └─ 3 files of source
   ├─ 5 commit 012345678901 of https://git.example/a.git
   └─ 6 file https://example/tool`,
  );
});

test("the JSON has every step with its inputs, which stand before it, and no password", () => {
  const dump = dumpGraph(last);
  assert.deepEqual(
    dump.steps.map(({ operation }) => operation.kind),
    ["image", "file", "local", "copy", "git", "http", "exec", "merge"],
  );
  for (const [place, { inputs }] of dump.steps.entries()) {
    for (const input of inputs) assert.ok(dump.steps.findIndex(({ digest }) => digest === input) < place);
  }
  assert.equal(dump.steps.at(-1)?.digest, last.digest);
  assert.ok(!JSON.stringify(dump).includes("secret"));
});
