import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { parseApko, readApko } from "./read.ts";
import { splitWords } from "./words.ts";

function complaint(source: string): string {
  try {
    parseApko(source, "image.yaml");
    return "none";
  } catch (error) {
    assert.ok(
      error instanceof Error && "code" in error && error.code === "CONFIGURATION_INVALID",
      String(error),
    );
    return error.message;
  }
}

function directoryOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory(t);
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), source);
  }
  return directory;
}

test("all that apko's schema has is read", () => {
  const source = `
contents:
  repositories: [https://host.test/os]
  build_repositories: [./packages]
  runtime_repositories: ["@x https://host.test/x"]
  keyring: [https://host.test/key.rsa.pub]
  runtime_keyring: [{name: a.rsa.pub, content: PEM}]
  packages:
    - nginx~1.2
entrypoint: {command: nginx -g 'daemon off;'}
cmd: --help
stop-signal: SIGQUIT
work-dir: /srv
accounts:
  run-as: 65532
  users: [{username: web, uid: 65532}]
  groups: [{groupname: web, gid: 65532, members: [web]}]
archs: [x86_64, arm/v7]
environment: {PORT: 8080, VERSION: 1.10, EMPTY: "", YES: true}
paths:
  - {path: /srv, type: directory, permissions: 0o1755, uid: 1, gid: 2, recursive: true}
  - {path: /etc/x, type: permissions, permissions: 0640}
vcs-url: https://host.test/repo@abcdef0
annotations: {org.test/key: 1}
volumes: [/data]
layering: {strategy: origin, budget: 10}
format: tar
certificates: {additional: [{name: own, content: PEM}], providers: [custom]}
`;
  const read = parseApko(source, "image.yaml");
  assert.deepEqual(read.environment, { PORT: "8080", VERSION: "1.10", EMPTY: "", YES: "true" });
  assert.deepEqual(
    read.paths?.map(({ permissions }) => permissions),
    [0o1755, 0o640],
  );
  assert.equal(read.accounts?.["run-as"], "65532");
  assert.equal(read.annotations?.["org.test/key"], "1");
  assert.deepEqual(parseApko("", "empty.yaml"), {});
});

test("what is wrong is said with the line and the column", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["contents:\n  package: [a]\n", 'image.yaml:2:3: there is no key "package" in contents'],
    ["content: {}\n", 'image.yaml:1:1: there is no key "content"'],
    ["paths:\n  - path: /a\n    type: file\n", "image.yaml:3:11: paths.0.type is to be directory"],
    ["paths:\n  - type: directory\n", "image.yaml:2:5: paths.0.path is missing"],
    ["archs: x86_64\n", "image.yaml:1:8: archs is to be a list"],
    ["contents:\n  packages: {a: b}\n", "image.yaml:2:13: contents.packages is to be a list"],
    [
      "accounts:\n  users:\n  - {username: a, uid: 0}\n",
      "image.yaml:3:24: accounts.users.0.uid is to be above 0",
    ],
    [
      "accounts:\n  users:\n  - {username: a, uid: x}\n",
      "image.yaml:3:24: accounts.users.0.uid is to be a number",
    ],
    ["paths: [{path: a, type: permissions, permissions: 99999}]", "is more than 0o7777"],
    ["layering: {strategy: other}\n", "image.yaml:1:22: layering.strategy is to be origin"],
    ["format: zip\n", "image.yaml:1:9: format is to be tar or erofs"],
    ["- a\n", "image.yaml:1:1: it is to be a map"],
    ["cmd: 'open\n", "image.yaml:2:1: "],
    ["cmd: a\ncmd: b\n", "image.yaml:2:1: "],
  ];
  for (const [source, said] of rows) {
    assert.ok(complaint(source).includes(said), `${JSON.stringify(source)}: ${complaint(source)}`);
  }
});

test("a small file that would be much is refused", () => {
  const laughs = ["a: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let at = 1; at < 8; at++) laughs.push(`b${at}: &a${at} [${`*a${at - 1}, `.repeat(9)}]`);
  assert.match(complaint(laughs.join("\n")), /too much|unresolved|Excessive/i);
  assert.match(complaint(`cmd: ${"[".repeat(500)}${"]".repeat(500)}`), /too deep|too much|is to be text/);
});

test("what a file includes is merged: maps by key, lists one behind the other, the rest overridden", async (t) => {
  const directory = directoryOf(t, {
    "base/base.yaml":
      "contents: {packages: [a], repositories: [r]}\nenvironment: {A: 1, B: 1}\ncmd: base\narchs: [amd64]\n",
    "middle.yaml": "include: base/base.yaml\ncontents: {packages: [b]}\n",
    "image.yaml": "include: middle.yaml\ncontents: {packages: [c]}\nenvironment: {B: 2}\ncmd: own\n",
    "circle.yaml": "include: circle.yaml\n",
    "broken.yaml": "include: base/bad.yaml\n",
    "base/bad.yaml": "\nnothing: 1\n",
    "remote.yaml": "include: https://host.test/some/x.yaml\ncontents: {packages: [own]}\n",
    "remote-bad.yaml": "include: https://host.test/bad.yaml\n",
    "plain.yaml": "include: http://host.test/x.yaml\n",
  });
  const web: Readonly<Record<string, string>> = {
    "https://host.test/some/x.yaml": "include: ../base.yaml\ncontents: {packages: [x]}\n",
    "https://host.test/base.yaml": "contents: {packages: [far]}\n",
    "https://host.test/bad.yaml": "nothing: 1\n",
  };
  const fetchText = async (address: string): Promise<string> =>
    await Promise.resolve(web[address] ?? assert.fail(address));
  const reading = async (name: string): ReturnType<typeof readApko> =>
    await readApko(join(directory, name), fetchText);
  const { configuration, sources } = await reading("image.yaml");
  assert.deepEqual(configuration, {
    contents: { packages: ["a", "b", "c"], repositories: ["r"] },
    environment: { A: "1", B: "2" },
    cmd: "own",
    archs: ["amd64"],
  });
  assert.equal(sources.length, 3);
  const refused = async (name: string, error: object): Promise<void> =>
    await assert.rejects(reading(name), error);
  await refused("circle.yaml", { code: "CONFIGURATION_INVALID", message: /includes itself/ });
  await refused("broken.yaml", { message: /base\/bad\.yaml:2:1: there is no key "nothing"/ });
  await refused("none.yaml", { code: "FILE_MISSING" });
  const remote = await reading("remote.yaml");
  assert.deepEqual(remote.configuration, { contents: { packages: ["far", "x", "own"] } });
  assert.equal(remote.sources.length, 3);
  await refused("remote-bad.yaml", { message: /^https:\/\/host\.test\/bad\.yaml:1:1: there is no key/ });
  await refused("plain.yaml", { code: "CONFIGURATION_UNSUPPORTED", message: /nor an https: address/ });
});

test("words are split as a shell does", () => {
  assert.deepEqual(splitWords(`nginx -g 'daemon off;' "a \\"b\\" \\n" c\\ d ""`), [
    "nginx",
    "-g",
    "daemon off;",
    'a "b" \\n',
    "c d",
    "",
  ]);
  assert.equal(splitWords("a 'b"), undefined);
});
