import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { RegistryError } from "../../errors.ts";
import { parseSettings } from "./file.ts";
import { aboutSetting, flagOf, readSettings, SETTING_NAMES, variableOf } from "./sources.ts";
import type { SettingSources } from "./sources.ts";

function read(sources: Partial<SettingSources>): ReturnType<typeof readSettings> {
  return readSettings({ flags: {}, environment: {}, file: undefined, defaults: { data: "d" }, ...sources });
}

function refuses(action: () => unknown, message: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof RegistryError && error.code === "CONFIG_INVALID" && error.kind === "usage");
    assert.match(error.message, message);
    return true;
  });
}

suite("settings", () => {
  test("a flag counts before a variable, that before the file, that before the default", (t) => {
    const file = join(temporaryDirectory(t), "serve.yaml");
    writeFileSync(file, "manifestBytes: 1MiB\nblobBytes: 2MiB\nidleTime: 3m\nstopTime: 4s\n");
    const environment = {
      COOPER_SERVE_BLOB_BYTES: "20MB",
      COOPER_SERVE_IDLE_TIME: "30s",
      COOPER_SERVE_STOP_TIME: "40s",
    };
    const { settings } = read({ file, environment, flags: { idleTime: "300", stopTime: "400s" } });
    assert.equal(settings.headTime, 20);
    assert.equal(settings.manifestBytes, 2 ** 20);
    assert.equal(settings.blobBytes, 20e6);
    assert.equal(settings.idleTime, 300);
    assert.equal(settings.stopTime, 400);
    assert.equal(settings.data, "d");
  });

  test("the file may be named by a variable, and a flag names another one", (t) => {
    const [one, two] = ["one", "two"].map((name) => {
      const path = join(temporaryDirectory(t), `${name}.yaml`);
      writeFileSync(path, `data: /${name}`);
      return path;
    });
    const environment = { COOPER_SERVE_CONFIG: one };
    assert.equal(read({ environment }).settings.data, "/one");
    assert.equal(read({ environment, file: two }).settings.data, "/two");
  });

  test("every setting has a flag and a variable of its own, and says what it is for", () => {
    assert.equal(new Set(SETTING_NAMES.map(flagOf)).size, SETTING_NAMES.length);
    assert.equal(new Set(SETTING_NAMES.map(variableOf)).size, SETTING_NAMES.length);
    for (const name of SETTING_NAMES) {
      assert.ok(aboutSetting(name).description.length > 10, name);
      assert.match(flagOf(name), /^[a-z]+(-[a-z]+)*$/);
      assert.match(variableOf(name), /^COOPER_SERVE_[A-Z]+(_[A-Z]+)*$/);
    }
  });

  test("bytes, times and lists are written with units or without", () => {
    const settings = parseSettings("blobBytes: 1.5GiB\nidleTime: 0.5h\nwarning: [a, b]\nheadTime: 7", "f");
    const { settings: read1 } = read({ environment: {}, flags: { warning: "x; y\nz" } });
    assert.deepEqual(settings, { blobBytes: "1.5GiB", idleTime: "0.5h", warning: ["a", "b"], headTime: 7 });
    assert.deepEqual(read1.warning, ["x", "y", "z"]);
  });

  test("what is wrong in a file is shown with line and column", () => {
    for (const [text, message] of [
      ["listen: :80\nblobByte: 1\n", /^f\.yaml:2:1: there is no setting blobByte; did you mean blobBytes\?/],
      ["\n\nfrobnicate: 1", /^f\.yaml:3:1: there is no setting frobnicate$/],
      ["listen: 127.0.0.1\n", /^f\.yaml:1:9: listen: "127\.0\.0\.1" is not an address/],
      ["mode: readonly", /^f\.yaml:1:7: mode: it is none of read-write, read-only/],
      ["blobBytes: ten", /^f\.yaml:1:12: blobBytes: it is no number of bytes/],
      ["blobBytes: -1", /^f\.yaml:1:12: blobBytes: it is no number of bytes/],
      ["idleTime: 5 weeks", /^f\.yaml:1:11: idleTime: it is no time/],
      ["data:", /^f\.yaml:1:\d+: data: /],
      ["warning: [1]", /^f\.yaml:1:10: warning/],
      ["data: a\ndata: b", /^f\.yaml:2:1: /],
      ["data: [a", /^f\.yaml:1:\d+: /],
      ["- data", /^f\.yaml:1:1: settings are written NAME: VALUE/],
      ["warning: &a [x]\nproxies: *a", /^f\.yaml:2:10: \*a is an alias/],
    ] as const) {
      refuses(() => parseSettings(text, "f.yaml"), message);
    }
    assert.deepEqual(parseSettings("", "f"), {});
    assert.deepEqual(parseSettings('{"data": "x"}', "f"), { data: "x" }, "JSON is YAML");
  });

  test("what is wrong elsewhere is shown with the flag's or the variable's name", () => {
    refuses(() => read({ flags: { idleTime: "x" } }), /^--idle-time is "x": it is no time/);
    refuses(
      () => read({ environment: { COOPER_SERVE_LISTEN: "x" } }),
      /^\$COOPER_SERVE_LISTEN is "x": "x" is not an address/,
    );
    refuses(() => read({ flags: { tlsKey: "k" } }), /tlsCertificate and tlsKey go together/);
    refuses(() => read({ flags: { publicUrl: "https://a/b" } }), /without a path/);
    refuses(() => read({ file: "/nonexistent/serve.yaml" }), /cannot be read/);
  });

  test("a variable that is no setting is told, and changes nothing", () => {
    const { unknownVariables } = read({ environment: { COOPER_SERVE_PORT: "tcp://1", OTHER: "x" } });
    assert.deepEqual(unknownVariables, ["COOPER_SERVE_PORT"]);
  });
});
