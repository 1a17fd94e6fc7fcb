import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { write } from "../release/repository.fixture.ts";
import { parseAptConfiguration, settingOf } from "./configuration.ts";
import { authorizationFor, parseCredentials } from "./credentials.ts";
import { parsePreferences } from "./preferences.ts";

const CONFIGURATION = `// a comment
Acquire::Check-Valid-Until "false"; # another
APT { /* a third,
 over lines */ Architectures { "amd64"; "arm64"; };
  Get::Assume-Yes "true"; };
Acquire { http { Proxy "http://proxy.example:3128//"; Proxy::deb.example "DIRECT"; }; };
acquire::check-date "no";
DPkg::Post-Invoke:: "echo { } ; // no comment";
`;

test("apt's configuration is read in all its forms", () => {
  const settings = parseAptConfiguration([CONFIGURATION, 'Acquire::Check-Date "yes";']);
  assert.equal(settingOf(settings, "Acquire::Check-Valid-Until"), "false");
  assert.equal(settingOf(settings, "Acquire::Check-Date"), "yes");
  assert.equal(settingOf(settings, "APT::Get::Assume-Yes"), "true");
  assert.equal(settingOf(settings, "Acquire::http::Proxy"), "http://proxy.example:3128//");
  assert.deepEqual(settings.get("apt::architectures"), ["amd64", "arm64"]);
  assert.equal(settingOf(settings, "DPkg::Post-Invoke"), "echo { } ; // no comment");
  assert.equal(settingOf(settings, "Nothing"), undefined);
});

test("apt-config agrees", (t) => {
  const file = join(temporaryDirectory(t), "apt.conf");
  write(file, `${CONFIGURATION}\nDir::Etc::parts "/dev/null";\nDir::Etc::main "/dev/null";\n`);
  const { status, stdout } = spawnSync("apt-config", ["dump"], {
    env: { PATH: process.env["PATH"], APT_CONFIG: file },
    encoding: "utf8",
  });
  if (status === null) {
    t.skip("SKIPPED: apt-config is missing");
    return;
  }
  for (const [key, values] of parseAptConfiguration([CONFIGURATION])) {
    for (const value of values) {
      const lines = stdout.split("\n").map((line) => line.replace(/^\S+/, (name) => name.toLowerCase()));
      const isList = lines.includes(`${key}:: ${JSON.stringify(value)};`);
      assert.ok(isList || lines.includes(`${key} ${JSON.stringify(value)};`), `${key} ${value}`);
    }
  }
});

test("credentials count for their host, their path and their protocol", () => {
  const credentials = parseCredentials(`# a comment
machine deb.example/private login bob password s3cret
machine http://plain.example
  login carol
  password word
machine deb.example login alice password other
`);
  const of = (address: string): string => {
    const { authorization = "" } = authorizationFor(address, credentials);
    return Buffer.from(authorization.replace("Basic ", ""), "base64").toString();
  };
  assert.equal(of("https://deb.example/private/dists"), "bob:s3cret");
  assert.equal(of("https://deb.example/public"), "alice:other");
  assert.equal(of("http://deb.example/public"), "");
  assert.equal(of("http://plain.example/x"), "carol:word");
  assert.equal(of("https://plain.example/x"), "");
  assert.equal(of("/a/path"), "");
});

test("preferences are read, and what makes no sense in them is refused", () => {
  assert.deepEqual(
    parsePreferences(
      "Package: a b*\nPin: release n=x, o=Y\nPin-Priority: 900\n\nPackage: *\nPin: origin deb.example\nPin-Priority: never\n",
      "p",
    ),
    [
      { packages: ["a", "b*"], kind: "release", pattern: "n=x, o=Y", priority: 900 },
      { packages: ["*"], kind: "origin", pattern: "deb.example", priority: "never" },
    ],
  );
  const isInvalid = { code: "REPOSITORY_INVALID" };
  assert.throws(() => parsePreferences("Package: a\nPin: version 1\nPin-Priority: 0\n", "p"), isInvalid);
  assert.throws(() => parsePreferences("Pin: version 1\nPin-Priority: 5\n", "p"), isInvalid);
});
