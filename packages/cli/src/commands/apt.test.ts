import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type Finished, requireProgram, requireRoot, startDockerd } from "@cooper/test";
import { type Workshop, workshop } from "../test-support/cooper.ts";
import { assertSameElsewhere } from "../test-support/elsewhere.ts";

/** Downloads stay between runs. */
const CACHE = join(import.meta.dirname, "../../../../node_modules/.cache/cooper-test");

const REFERENCE =
  "apt:curl/jq/git/python3/nodejs/nginx-light/openssl/ca-certificates/busybox-static/bash/procps";

/** Everyday work of each package, and what is printed of it. */
const WORK: readonly (readonly [script: string, printed: string])[] = [
  ["curl --version | cut -d' ' -f1 | head -n 1", "curl"],
  [`echo '{"a":[1,{"b":42}]}' | jq .a[1].b`, "42"],
  [
    `export HOME=/tmp GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
    git init -q /tmp/one && git -C /tmp/one commit -q --allow-empty -m first
    git clone -q file:///tmp/one /tmp/two && git -C /tmp/two log --format=%s`,
    "first",
  ],
  [
    `python3 -c 'import ssl, sqlite3
print(sqlite3.connect(":memory:").execute("select 6*7").fetchone()[0], ssl.OPENSSL_VERSION.split()[0])'`,
    "42 OpenSSL",
  ],
  ["node -p '6*7'", "42"],
  [
    `echo page > /var/www/html/index.html
    nginx
    curl -sS http://127.0.0.1/
    pgrep -u www-data nginx > /dev/null && echo as www-data
    nginx -s stop`,
    "page\nas www-data",
  ],
  [
    `cd /tmp && echo 'subjectAltName=IP:127.0.0.1' > names && echo hello > page
    openssl req -x509 -newkey rsa:2048 -nodes -subj '/CN=An authority' -days 2 -keyout ca.key -out ca.crt 2> /dev/null
    openssl req -newkey rsa:2048 -nodes -subj '/CN=A server' -keyout key -out request 2> /dev/null
    openssl x509 -req -in request -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out crt 2> /dev/null
    openssl s_server -accept 8443 -key key -cert crt -WWW -quiet > /dev/null 2>&1 & server=$!
    until (: < /dev/tcp/127.0.0.1/8443) 2> /dev/null; do sleep 0.1; done
    curl -s https://127.0.0.1:8443/page > /dev/null; echo not trusted: $?
    cat ca.crt >> /etc/ssl/certs/ca-certificates.crt
    curl -sS https://127.0.0.1:8443/page
    kill $server`,
    "not trusted: 60\nhello",
  ],
  ["busybox sh -c 'busybox expr 6 \\* 7'", "42"],
  ["bash -c 'declare -A seen=([a]=42); echo ${seen[a]}'", "42"],
  ["dpkg --verify; dpkg --audit", ""],
];

const SCRIPT = WORK.map(([script]) => script).join("\n");
const PRINTED = WORK.flatMap(([, printed]) => (printed === "" ? [] : [`${printed}\n`])).join("");

interface Made {
  readonly cooper: Workshop["cooper"];
  readonly directory: string;
}

/** The image in a layout; a loud skip where this machine reaches no mirror. */
async function requireImage(t: TestContext): Promise<Made | undefined> {
  if (!requireRoot(t)) return undefined;
  const { cooperWith, directory } = workshop(t);
  const cooper: Workshop["cooper"] = async (...args) =>
    await cooperWith({ env: { COOPER_CACHE_DIR: CACHE } }, ...args);
  const resolved = await cooper("resolve", REFERENCE);
  if (resolved.status !== 0) {
    t.skip(`SKIPPED: apt's mirror, as configured here, gives nothing: ${resolved.stderr}`);
    return undefined;
  }
  const copied = await cooper("copy", "--quiet", REFERENCE, `oci:${directory}/image:everyday`);
  assert.equal(copied.status, 0, copied.stderr);
  assert.equal(copied.stderr, "", "nothing of these packages is left undone");
  return { cooper, directory };
}

function assertWorks({ stdout, stderr }: Finished): void {
  assert.equal(stdout, PRINTED, stderr);
}

test("runc runs everyday packages of Debian, each at its work", async (t) => {
  if (requireProgram(t, "runc") === undefined) return;
  const made = await requireImage(t);
  if (made === undefined) return;
  const image = `oci:${made.directory}/image:everyday`;
  const start = ["run", "--quiet", "--network", "none", image, "--"];
  assertWorks(await made.cooper(...start, "bash", "-c", SCRIPT));
  assert.equal((await made.cooper(...start, "busybox", "uname")).stdout, "Linux\n");
});

test("Docker's engine runs everyday packages of Debian, each at its work", async (t) => {
  const made = await requireImage(t);
  if (made === undefined) return;
  const engine = await startDockerd(t);
  if (engine === undefined) return;
  const archive = join(made.directory, "image.tar");
  const image = `oci:${made.directory}/image:everyday`;
  const copied = await made.cooper("copy", "--quiet", image, `docker-archive:${archive}:everyday:1`);
  assert.equal(copied.status, 0, copied.stderr);
  await engine.docker(["load", "--input", archive]);
  const start = ["run", "--rm", "--network", "none", "everyday:1"];
  assertWorks(await engine.docker([...start, "bash", "-c", SCRIPT], { status: "any" }));
  assert.equal((await engine.docker([...start, "busybox", "uname"])).stdout, "Linux\n");
});

test("the digest is the same with one thread, elsewhere in the world, for somebody else, and without root", async (t) => {
  const { directory, cooper, answer } = workshop(t);
  const lock = join(directory, "lock.json");
  const locked = await cooper("lock", "apt:jq/+nobase", "-o", lock);
  if (locked.status !== 0) {
    t.skip(`SKIPPED: apt's mirror, as configured here, gives nothing: ${locked.stderr}`);
    return;
  }
  const copy = ["copy", "--quiet", "--locked", lock, "apt:jq/+nobase"];
  await assertSameElsewhere(t, directory, copy, await answer(...copy, "oci:first"));
});
