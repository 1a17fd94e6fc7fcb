import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOf } from "../../distribution/reference.ts";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { procfile } from "../procfile/procfile.ts";
import { type Interpreter, interpreterOf } from "./interpreter.ts";
import { packagesOfScript } from "./programs.ts";
import { shell } from "./shell.ts";

const NONE = { variables: {} } as const;

test("the plan of a script is the stored one", async (t) => {
  const script = '#!/usr/bin/env bash\nset -e\ncurl -s "$API" | jq .casks\nexec nc -lk -p "$PORT"\n';
  assertStoredPlan(
    shell.plan(await sourceOf(t, { "start.sh": script }), NONE),
    import.meta.dirname,
    "a-script",
  );
});

test("the plan of a Procfile alone is the stored one", async (t) => {
  const files = {
    Procfile: "web: ./serve --port $PORT\nclock: python3 clock.py\nrelease: ./migrate.sh\n",
    "migrate.sh": "#!/bin/sh\npsql -f schema.sql\n",
    "clock.py": "",
    serve: "\u007FELF",
  };
  assertStoredPlan(
    procfile.plan(await sourceOf(t, files), NONE),
    `${import.meta.dirname}/../procfile`,
    "programs-and-scripts",
  );
});

test("a script's first line says what runs it", () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ["", ["sh"], ["dash"]],
    ["#!/bin/bash -e\n", ["bash", "-e"], ["bash"]],
    ["#! /usr/bin/env python3.11\r\n", ["python3.11"], ["python3", "python-is-python3"]],
    ["#!/usr/bin/env -S perl -w -T\n", ["perl", "-w", "-T"], ["perl"]],
    ["#!/usr/bin/env A=1 zsh\n", ["zsh"], ["zsh"]],
  ];
  for (const [text, command, packages] of cases)
    assert.deepEqual(inDebian(interpreterOf("a", text)), { command, packages });
  assert.throws(() => interpreterOf("start.sh", "#!/opt/bin/rc\n"), {
    code: "VERSION_UNAVAILABLE",
    message: /start\.sh is run by rc/,
  });
});

test("programs are found where a command begins, and nowhere else", () => {
  const cases: readonly [string, readonly string[]][] = [
    ["curl -s x | jq .", ["ca-certificates", "curl", "jq"]],
    ["# curl\necho curl; echo jq", []],
    ["if git diff; then tar c .; fi", ["ca-certificates", "git", "tar"]],
    ["x=$(ps -ef)\nexec socat a b", ["procps", "socat"]],
    ["constructor() { :; }\ntoString", []],
    ["while ! pgrep x; do find . | xargs rm; done", ["findutils", "procps"]],
  ];
  for (const [text, packages] of cases) {
    const found = packagesOfScript(text).flatMap((each) => namesOf({ ecosystem: "apt" }, each));
    assert.deepEqual(found, packages, text);
  }
});

function inDebian({ command, packages }: Interpreter): object {
  return { command, packages: packages.flatMap((each) => namesOf({ ecosystem: "apt" }, each)) };
}
