import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { inspect } from "node:util";
import { temporaryDirectory } from "@cooper/test";
import { configuredHeaders, credentialsFor } from "./lookup.ts";

const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString("base64") });

/** A home with files of credentials, by path; and what is found there for a host and repository. */
function home(
  t: TestContext,
  files: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, string>> = {},
): (host: string, repository?: string) => Promise<unknown> {
  const directory = temporaryDirectory(t);
  for (const [name, contents] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof contents === "string" ? contents : JSON.stringify(contents));
    if (name.startsWith("bin/")) chmodSync(path, 0o755);
  }
  const absolute = Object.entries(variables).map(([name, value]) => [name, join(directory, value)] as const);
  const environment = {
    HOME: directory,
    PATH: `${join(directory, "bin")}:/usr/bin:/bin`,
    ...Object.fromEntries(absolute),
  };
  return async (host, repository) => {
    const { credential } = await credentialsFor(host, repository, { environment });
    return { ...credential };
  };
}

const basic = (username: string, password: string): object => ({ kind: "basic", username, password });
const NOBODY = { kind: "anonymous" };

test("nobody is who has no file", async (t) => {
  assert.deepEqual(await home(t, {})("ghcr.io", "a/b"), NOBODY);
});

test("an entry fits its exact host, with its port", async (t) => {
  const find = home(t, { ".docker/config.json": { auths: { "r.example:5000": auth("u:p") } } });
  assert.deepEqual(await find("r.example:5000", "a"), basic("u", "p"));
  assert.deepEqual(await find("r.example", "a"), NOBODY);
  assert.deepEqual(await find("r.example:50000", "a"), NOBODY);
  assert.deepEqual(await find("evil-r.example:5000", "a"), NOBODY);
});

test("the longest path that fits comes first", async (t) => {
  const auths = {
    "r.example": auth("host:p"),
    "r.example/a": auth("team:p"),
    "r.example/a/b": auth("one:p"),
  };
  const find = home(t, { ".config/containers/auth.json": { auths } });
  assert.deepEqual(await find("r.example", "a/b"), basic("one", "p"));
  assert.deepEqual(await find("r.example", "a/bc"), basic("team", "p"));
  assert.deepEqual(await find("r.example", "c"), basic("host", "p"));
  assert.deepEqual(await find("r.example"), basic("host", "p"));
});

for (const key of ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"]) {
  test(`Docker Hub is found under ${key}`, async (t) => {
    const find = home(t, { ".docker/config.json": { auths: { [key]: auth("hub:p") } } });
    assert.deepEqual(await find("docker.io", "library/alpine"), basic("hub", "p"));
  });
}

for (const key of ["https://r.example", "http://r.example/v1/", "https://r.example/v2/", "r.example/"]) {
  test(`${key} is an old spelling of r.example`, async (t) => {
    const find = home(t, { ".docker/config.json": { auths: { [key]: auth("old:p") } } });
    assert.deepEqual(await find("r.example", "a"), basic("old", "p"));
  });
}

test("a password may hold colons, letters beyond ASCII and no padding", async (t) => {
  const text = Buffer.from("user:pa:ss:wörd").toString("base64").replace(/=+$/, "");
  const find = home(t, { ".docker/config.json": { auths: { "r.example": { auth: text } } } });
  assert.deepEqual(await find("r.example"), basic("user", "pa:ss:wörd"));
});

test("Docker of old padded with NUL bytes", async (t) => {
  const find = home(t, { ".docker/config.json": { auths: { "r.example": auth("u:p\0\0") } } });
  assert.deepEqual(await find("r.example"), basic("u", "p"));
});

test("a user and a password may stand for themselves", async (t) => {
  const find = home(t, {
    ".docker/config.json": { auths: { "r.example": { username: "u", password: "p" } } },
  });
  assert.deepEqual(await find("r.example"), basic("u", "p"));
});

test("an identity token and a registry token come before a password", async (t) => {
  const find = home(t, {
    ".docker/config.json": {
      auths: {
        "a.example": { ...auth("00000000:"), identitytoken: "identity" },
        "b.example": { ...auth("u:p"), registrytoken: "bearer" },
      },
    },
  });
  assert.deepEqual(await find("a.example"), { kind: "identity", token: "identity", username: "00000000" });
  assert.deepEqual(await find("b.example"), { kind: "bearer", token: "bearer" });
});

const only = (user: string): object => ({ auths: { "r.example": auth(`${user}:p`) } });

test("files are looked into in their order, and an empty entry goes on to the next", async (t) => {
  const files = {
    ".docker/config.json": { auths: { "r.example": {} } },
    "named.json": only("named"),
    "run/containers/auth.json": only("runtime"),
    ".config/containers/auth.json": only("config"),
  };
  const all = { REGISTRY_AUTH_FILE: "named.json", XDG_RUNTIME_DIR: "run" };
  assert.deepEqual(await home(t, files, all)("r.example"), basic("named", "p"));
  assert.deepEqual(await home(t, files, { XDG_RUNTIME_DIR: "run" })("r.example"), basic("runtime", "p"));
  assert.deepEqual(await home(t, files)("r.example"), basic("config", "p"));
  const docker = { ...files, "other/config.json": only("docker") };
  assert.deepEqual(
    await home(t, docker, { ...all, DOCKER_CONFIG: "other" })("r.example"),
    basic("docker", "p"),
  );
});

const HELPER = (user: string): string => `#!/bin/sh
read -r server
printf '{"ServerURL":"%s","Username":"${user}","Secret":"for %s"}' "$server" "$server"
`;

test("a host's own helper comes before the general one, and that before entries", async (t) => {
  const find = home(t, {
    ".docker/config.json": {
      auths: { "r.example": auth("file:p") },
      credHelpers: { "own.example": "own" },
      credsStore: "general",
    },
    "bin/docker-credential-own": HELPER("own"),
    "bin/docker-credential-general": HELPER("general"),
  });
  assert.deepEqual(await find("own.example", "a"), basic("own", "for own.example"));
  assert.deepEqual(await find("r.example", "a"), basic("general", "for r.example"));
  assert.deepEqual(await find("docker.io", "a"), basic("general", "for https://index.docker.io/v1/"));
});

test("a helper's user <token> means an identity token", async (t) => {
  const find = home(t, {
    ".docker/config.json": { credsStore: "x" },
    "bin/docker-credential-x": HELPER("<token>"),
  });
  assert.deepEqual(await find("r.example"), {
    kind: "identity",
    token: "for r.example",
    username: undefined,
  });
});

test("where a helper knows nothing, the entries are looked at", async (t) => {
  const find = home(t, {
    ".docker/config.json": { auths: { "r.example": auth("file:p") }, credsStore: "x" },
    "bin/docker-credential-x": "#!/bin/sh\necho 'credentials not found in native keychain'\nexit 1\n",
  });
  assert.deepEqual(await find("r.example"), basic("file", "p"));
  assert.deepEqual(await find("other.example"), NOBODY);
});

for (const [name, script] of [
  ["is missing", undefined],
  ["fails", "#!/bin/sh\necho 'the keychain is locked'\nexit 1\n"],
  ["says nonsense", "#!/bin/sh\necho 'secret-nonsense'\n"],
] as const) {
  test(`a helper that ${name} is noted, and what is public can still be read`, async (t) => {
    const directory = temporaryDirectory(t);
    const file = join(directory, "config.json");
    writeFileSync(file, JSON.stringify({ credsStore: "broken" }));
    if (script !== undefined) {
      writeFileSync(join(directory, "docker-credential-broken"), script, { mode: 0o755 });
    }
    const environment = { HOME: directory, DOCKER_CONFIG: directory, PATH: `${directory}:/usr/bin:/bin` };
    const found = await credentialsFor("r.example", "a", { environment });
    assert.equal(found.credential.kind, "anonymous");
    assert.match(found.note ?? "", /docker-credential-broken/);
    assert.doesNotMatch(found.note ?? "", /secret-nonsense/);
  });
}

test("a helper's name cannot lead to another program", async (t) => {
  const find = home(t, { ".docker/config.json": { credsStore: "../../evil" } });
  assert.deepEqual(await find("r.example"), NOBODY);
});

test("a damaged file is named, and its text is not shown", async (t) => {
  const find = home(t, { ".docker/config.json": '{"auths": {"r.example": {"auth": "c2VjcmV0"' });
  await assert.rejects(find("r.example"), (error: Error & { code: string }) => {
    assert.equal(error.code, "AUTH_FILE");
    assert.match(error.message, /\.docker\/config\.json/);
    assert.doesNotMatch(inspect(error), /c2VjcmV0/);
    return true;
  });
});

test("an entry that is no name and password is a clear error", async (t) => {
  const find = home(t, { ".docker/config.json": { auths: { "r.example": { auth: "bm90aGluZw" } } } });
  await assert.rejects(find("r.example"), { code: "AUTH_FILE" });
});

test("an explicit file stands alone", async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, ".docker"));
  writeFileSync(
    join(directory, ".docker/config.json"),
    JSON.stringify({ auths: { "r.example": auth("u:p") } }),
  );
  const authFile = join(directory, "other.json");
  const found = await credentialsFor("r.example", undefined, { authFile, environment: { HOME: directory } });
  assert.equal(found.credential.kind, "anonymous");
});

test("a credential shows no secret when it is printed", async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(
    join(directory, "config.json"),
    JSON.stringify({ auths: { "r.example": auth("u:hunter2") } }),
  );
  const { credential } = await credentialsFor("r.example", undefined, {
    environment: { HOME: directory, DOCKER_CONFIG: directory },
  });
  assert.equal(credential.kind, "basic");
  assert.doesNotMatch(`${inspect(credential)} ${JSON.stringify(credential)}`, /hunter2/);
  assert.match(readFileSync(join(directory, "config.json"), "utf8"), /auths/);
});

test("headers of Docker's configuration are taken, but not those that a request makes itself", (t) => {
  const directory = temporaryDirectory(t);
  const HttpHeaders = {
    "X-Meta": "yes",
    Authorization: "no",
    Host: "no",
    "Bad Name": "no",
    Split: "a\r\nb: c",
  };
  writeFileSync(join(directory, "config.json"), JSON.stringify({ HttpHeaders }));
  assert.deepEqual(configuredHeaders({ HOME: directory, DOCKER_CONFIG: directory }), { "x-meta": "yes" });
});
