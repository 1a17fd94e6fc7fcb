import assert from "node:assert/strict";
import { test } from "node:test";
import { isFault } from "@cooper/sys";
import { changeRunConfig, makeRunConfig, parseCommand } from "./run-config.ts";

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

test("a command is a JSON array word by word, or a line for the shell", () => {
  assert.deepEqual(parseCommand('["/bin/httpd", "-f"]'), ["/bin/httpd", "-f"]);
  assert.deepEqual(parseCommand("echo hello"), ["/bin/sh", "-c", "echo hello"]);
  for (const wrong of ["[1]", '["a",', '["a", null]', '[["a"]]']) {
    assert.throws(
      () => parseCommand(wrong),
      (error) => isFault(error, "OPTION_INVALID") && error.kind === "usage",
      wrong,
    );
  }
});

test("what is not given is not in the config, but for a PATH", () => {
  assert.deepEqual(makeRunConfig({}), { Env: [PATH] });
});

test("ports get a protocol, labels and ports are found by name", () => {
  const run = makeRunConfig({ ports: ["443", "80/tcp", "53/udp"], labels: ["b=2", "a=1=1"] });
  assert.deepEqual(run.ExposedPorts, { "443/tcp": {}, "80/tcp": {}, "53/udp": {} });
  assert.deepEqual(run.Labels, { a: "1=1", b: "2" });
});

test("the last value of a variable holds, and a PATH of one's own replaces the usual one", () => {
  assert.deepEqual(makeRunConfig({ environment: ["A=1", "PATH=/bin", "A=2=3", "B="] }).Env, [
    "PATH=/bin",
    "A=2=3",
    "B=",
  ]);
});

test("what is not written as documented is refused with advice", () => {
  const wrong = [
    { environment: ["NAME"] },
    { environment: ["=value"] },
    { labels: ["name"] },
    { ports: ["0"] },
    { ports: ["65536"] },
    { ports: ["80/icmp"] },
    { ports: ["http"] },
    { workingDirectory: "app" },
  ];
  for (const options of wrong) {
    assert.throws(
      () => makeRunConfig(options),
      (error) => isFault(error, "OPTION_INVALID") && error.kind === "usage" && error.advice !== undefined,
      JSON.stringify(options),
    );
  }
});

test("a change leaves what it does not name, also what Cooper does not know", () => {
  const before = {
    Env: ["PATH=/bin", "A=1", "NOVALUE"],
    Cmd: ["old"],
    Labels: { keep: "me" },
    ExposedPorts: { "80/tcp": {} },
    Healthcheck: { Test: ["NONE"] },
  };
  assert.deepEqual(changeRunConfig(before, {}), before);
  assert.deepEqual(changeRunConfig(before, { environment: ["A=2"], labels: ["new=1"], ports: ["81"] }), {
    ...before,
    Env: ["PATH=/bin", "A=2", "NOVALUE"],
    Labels: { keep: "me", new: "1" },
    ExposedPorts: { "80/tcp": {}, "81/tcp": {} },
  });
});

test("a new entrypoint drops the old command, but not a new one", () => {
  assert.deepEqual(changeRunConfig({ Cmd: ["old"] }, { entrypoint: ["e"] }), { Entrypoint: ["e"] });
  assert.deepEqual(changeRunConfig({ Cmd: ["old"] }, { entrypoint: ["e"], command: ["new"] }), {
    Entrypoint: ["e"],
    Cmd: ["new"],
  });
});
