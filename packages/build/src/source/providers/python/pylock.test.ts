import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { planSource } from "../../plan/plan-source.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { type Pylock, readPylock } from "./pylock.ts";

const LOCK = `lock-version = "1.0"
created-by = "a tool"
requires-python = ">=3.12"
extras = ["web"]
dependency-groups = ["dev", "main"]
default-groups = ["main"]

[[packages]]
name = "Flask"
version = "3.0.3"
marker = "python_version >= '3.8' and ('main' in dependency_groups or 'dev' in dependency_groups)"
sdist = { url = "https://files.invalid/flask.tar.gz", hashes = { sha256 = "aa" } }
wheels = [{ name = "flask.whl", hashes = { md5 = "00", sha256 = "bb" } }]

[[packages]]
name = "waitress"
version = "3.0.2"
marker = '"web" in extras'
wheels = [{ name = "waitress.whl", hashes = { sha512 = "cc", sha256 = "dd" } }]

[[packages]]
name = "hoops"
[packages.vcs]
type = "git"
url = "https://git.invalid/hoops"
commit-id = "0123"
subdirectory = "python"

[[packages]]
name = "staves"
archive = { path = "archives/staves.tar.gz", hashes = { sha256 = "ee" } }

[[packages]]
name = "cellar"
directory = { path = "packages/cellar/", editable = true }
`;

async function read(t: TestContext, text: string, extras: readonly string[]): Promise<Pylock | undefined> {
  return readPylock(await sourceOf(t, { "pylock.toml": text }), extras);
}

test("what pylock.toml locks becomes requirements with the strongest hashes", async (t) => {
  assert.deepEqual(await read(t, LOCK, []), {
    names: ["flask", "waitress", "hoops", "staves", "cellar"],
    hashed: [
      `Flask==3.0.3 ; python_version >= '3.8' and (python_version >= "0" or python_version < "0") --hash=sha256:bb --hash=sha256:aa`,
      'waitress==3.0.2 ; python_version < "0" --hash=sha512:cc',
      "staves @ file:///app/archives/staves.tar.gz --hash=sha256:ee",
    ],
    unhashed: ["hoops @ git+https://git.invalid/hoops@0123#subdirectory=python"],
    directories: ["packages/cellar"],
    archives: ["archives/staves.tar.gz"],
  });
  assert.match(
    (await read(t, LOCK, ["web"]))?.hashed[1] ?? "",
    /^waitress==3\.0\.2 ; python_version >= "0" /,
  );
});

test("pip installs what is locked and nothing else, and the directories of the source apart", async (t) => {
  const source = await sourceOf(t, { "pylock.toml": LOCK, "app.py": "app = Flask(__name__)\n" });
  const { steps, deploy } = planSource(source, { variables: { PYTHON_EXTRAS: "web" } });
  assert.match(
    String(steps["dependencies"]?.commands[0]),
    /install --no-deps --requirement \/opt\/requirements\.txt && .* --requirement \/opt\/repositories\.txt/,
  );
  assert.deepEqual(steps["dependencies"]?.copies?.[0]?.include, ["archives/staves.tar.gz"]);
  assert.match(
    String(steps["project"]?.commands[0]),
    /--no-deps --target \/opt\/project \.\/packages\/cellar /,
  );
  assert.match(steps["python"]?.root?.[0] ?? "", /\/git.*:trixie$/);
  assert.ok(deploy.command.includes("waitress-serve"));
});

test("a lock without hashes, or that is none, is named with the place", async (t) => {
  const packages: readonly [string, RegExp][] = [
    ['[[packages]]\nname = "a"\nversion = "1"\n', /^pylock\.toml: a has no file with a hash/],
    ['[[packages]]\nname = "a"\n', /a has neither a version nor a place/],
    ["packages = 3\n", /^pylock\.toml: packages: /],
  ];
  for (const [text, message] of packages) {
    await assert.rejects(read(t, text, []), { code: "SOURCE_INVALID", message }); // oxlint-disable-line no-await-in-loop
  }
});
