import assert from "node:assert/strict";
import { test } from "node:test";
import { isFault } from "@cooper/sys";
import { makeRunConfig, parseCommand } from "./run-config.ts";

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

test("the same options in another order give the same config", () => {
  const one = makeRunConfig({ ports: ["80", "443/tcp"], labels: ["b=2", "a=1"] });
  const two = makeRunConfig({ ports: ["443", "80/tcp"], labels: ["a=1", "b=2"] });
  assert.equal(JSON.stringify(one), JSON.stringify(two));
  assert.deepEqual(one.ExposedPorts, { "443/tcp": {}, "80/tcp": {} });
  assert.deepEqual(one.Labels, { a: "1", b: "2" });
});

test("the last value of a variable holds, and a PATH of one's own replaces the usual one", () => {
  assert.deepEqual(makeRunConfig({ environment: ["A=1", "PATH=/bin", "A=2=3", "B="] }).Env, [
    "A=2=3",
    "PATH=/bin",
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
