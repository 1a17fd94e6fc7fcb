import assert from "node:assert/strict";
import { test } from "node:test";
import { containerProcess, type ImageProcess, type ProcessChange } from "./process.ts";

const PASSWD =
  "root:x:0:0:root:/root:/bin/sh\n# a comment\nwww:x:33:34:web:/var/www:/bin/false\n1000:x:7:8::/odd:\n";
const GROUP = "root:x:0:\nweb:x:34:\nlog:x:4:www,other\nvideo:x:44:www\n";

function make(image: ImageProcess, change: Partial<ProcessChange> = {}) {
  return containerProcess(
    image,
    { terminal: "none", ...change },
    { passwd: PASSWD, group: GROUP },
    { FROM_CALLER: "yes" },
  );
}

test("arguments replace Cmd and keep the entrypoint", () => {
  const image = { Entrypoint: ["/bin/e"], Cmd: ["a", "b"] };
  assert.deepEqual(make(image).args, ["/bin/e", "a", "b"]);
  assert.deepEqual(make(image, { arguments: ["c"] }).args, ["/bin/e", "c"]);
});

test("another entrypoint drops the image's Cmd, as Docker does", () => {
  const image = { Entrypoint: ["/bin/e"], Cmd: ["a"] };
  assert.deepEqual(make(image, { entrypoint: ["/bin/f"] }).args, ["/bin/f"]);
  assert.deepEqual(make(image, { entrypoint: [], arguments: ["/bin/g", "x"] }).args, ["/bin/g", "x"]);
});

test("an image without a command and no command given is a wrong usage", () => {
  assert.throws(() => make({}), { code: "COMMAND_MISSING", kind: "usage" });
});

test("the last value of a variable wins, in the place of the first", () => {
  const { env } = make(
    { Cmd: ["x"], Env: ["PATH=/bin", "A=1"] },
    { env: ["A=2", "FROM_CALLER", "ABSENT", "E="] },
  );
  assert.deepEqual(env, ["PATH=/bin", "HOME=/root", "A=2", "FROM_CALLER=yes", "E="]);
});

test("a user by name has its group, its other groups and its home", () => {
  const { user, env } = make({ Cmd: ["x"], User: "www" });
  assert.deepEqual(user, { uid: 33, gid: 34, additionalGids: [4, 44] });
  assert.ok(env.includes("HOME=/var/www"));
});

test("a group that is given takes the place of the user's groups", () => {
  assert.deepEqual(make({ Cmd: ["x"], User: "www:log" }).user, { uid: 33, gid: 4, additionalGids: [] });
  assert.deepEqual(make({ Cmd: ["x"], User: "65532:65533" }).user, {
    uid: 65532,
    gid: 65533,
    additionalGids: [],
  });
});

test("a number that is nobody's is taken as it is, a name that is a number as a name", () => {
  assert.deepEqual(make({ Cmd: ["x"], User: "65532" }).user, { uid: 65532, gid: 0, additionalGids: [] });
  assert.deepEqual(make({ Cmd: ["x"], User: "1000" }).user, { uid: 7, gid: 8, additionalGids: [] });
});

test("a user or group that is not in the image is named in the error", () => {
  assert.throws(() => make({ Cmd: ["x"], User: "nosuch" }), {
    code: "USER_UNKNOWN",
    message: /"nosuch".*\/etc\/passwd/,
  });
  assert.throws(() => make({ Cmd: ["x"], User: "www:nosuch" }), {
    code: "USER_UNKNOWN",
    message: /\/etc\/group/,
  });
  assert.throws(() => make({ Cmd: ["x"], User: "99999999999" }), { code: "USER_UNKNOWN" });
});

test("a relative working directory is below the root", () => {
  assert.equal(make({ Cmd: ["x"], WorkingDir: "srv" }).cwd, "/srv");
  assert.equal(make({ Cmd: ["x"] }, { workdir: "/tmp" }).cwd, "/tmp");
  assert.equal(make({ Cmd: ["x"] }).cwd, "/");
});
