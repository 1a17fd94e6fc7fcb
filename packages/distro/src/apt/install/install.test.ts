import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { type TarInput, unpackTar, writeTar } from "@cooper/archive";
import type { Assembly, Whole } from "../../ecosystem/ecosystem.ts";
import type { Context } from "../../ecosystem/context.ts";
import { type OpenContext, openContext } from "../../ecosystem/open-context.ts";
import type { DistroEvent } from "../../ecosystem/event.ts";
import { type DebianPackages, debianPackages } from "../debian.fixture.ts";
import { assemble } from "./assemble.ts";

const REQUESTS = [
  ..."curl jq git python3 nodejs nginx openssl ca-certificates busybox-static bash".split(" "),
  ..."vim-tiny less adduser sed grep findutils mount procps".split(" "),
];

const work = mkdtempSync(join(tmpdir(), "cooper-apt-"));
const root = join(work, "root");
const warnings: DistroEvent[] = [];
let opened: OpenContext | undefined;

interface Prepared {
  readonly packages: DebianPackages;
  readonly context: OpenContext;
  readonly assembly: Assembly & Whole;
}

/** One image for all tests, unpacked once; or why there is none. */
async function prepare(): Promise<Prepared | string> {
  if (process.getuid?.() !== 0) return "SKIPPED: only root may unpack an image and run it";
  const packages = await debianPackages(REQUESTS);
  if (typeof packages === "string") return packages;
  const context = await openContext({
    cache: { directory: join(work, "cache") },
    repositories: [`file:${packages.directory} test main`],
    onEvent: (event) => {
      if (event.type === "warning") warnings.push(event);
    },
  });
  opened = context;
  const assembly = await wholeAssembly(packages, context);
  // Any order will do; in this one, what is needed lies above what needs it.
  for (const content of assembly.packages.toReversed()) {
    // oxlint-disable-next-line no-await-in-loop
    await unpackTar(writeTar(content.members({})), root, { whiteouts: "keep" });
  }
  await unpackTar(writeTar(assembly.top({})), root, { whiteouts: "apply" });
  return { packages, context, assembly };
}

async function wholeAssembly({ solution }: DebianPackages, context: Context): Promise<Assembly & Whole> {
  const assembly = await assemble(solution, context);
  return { ...assembly, ...(await assembly.whole({})) };
}

let preparing: Promise<Prepared | string> | undefined;

async function prepared(t: TestContext): Promise<Prepared | undefined> {
  preparing ??= prepare();
  const result = await preparing;
  if (typeof result !== "string") return result;
  t.skip(result);
  return undefined;
}

after(async () => {
  await opened?.close();
  rmSync(work, { recursive: true, force: true });
});

/** What a script prints in the root, with /proc, /dev and a network of its own as in any container. */
function inRoot({ assembly }: Prepared, script: string): string {
  const outer = `
    ip link set lo up
    mount -t proc proc ${root}/proc
    mount -t tmpfs tmpfs ${root}/dev
    mknod -m 666 ${root}/dev/null c 1 3
    mknod -m 666 ${root}/dev/urandom c 1 9
    exec env -i ${(assembly.run.Env ?? []).join(" ")} chroot ${root} /bin/sh -ec "$0"`;
  const args = ["--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-ec", outer, script];
  const result = spawnSync("unshare", args, { encoding: "utf8" });
  assert.equal(result.status, 0, `${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

test("curl and jq run", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const printed = inRoot(image, "curl --version | head -n 1; echo '{\"a\":1}' | jq .a");
  assert.match(printed, /^curl 7\.[^]*\n1\n$/);
});

test("git clones over file://", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const script = `
    export HOME=/tmp GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
    git init -q /tmp/one && cd /tmp/one && git commit -q --allow-empty -m first
    git clone -q file:///tmp/one /tmp/two && git -C /tmp/two log --format=%s`;
  const printed = inRoot(image, script);
  assert.equal(printed, "first\n");
});

test("python3 imports ssl and sqlite3, and writes no byte code", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const printed = inRoot(
    image,
    "python3 -c 'import ssl, sqlite3, json; print(json.dumps(1))'; find / -xdev -name '*.pyc'",
  );
  assert.equal(printed, "1\n");
});

test("nodejs runs, also by the name that alternatives give it", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const printed = inRoot(image, "node -p 1+1; js -p 2+2");
  assert.equal(printed, "2\n4\n");
});

test("nginx serves a page", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const script = `
    echo page > /var/www/html/index.html
    nginx
    curl -sS http://127.0.0.1/
    nginx -s stop`;
  const printed = inRoot(image, script);
  assert.equal(printed, "page\n");
});

test("a server's certificate counts when its authority is trusted, by OpenSSL's names and by the file", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const printed = inRoot(
    image,
    `cd /tmp && openssl req -x509 -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' -addext subjectAltName=IP:127.0.0.1 -keyout k -out c 2>/dev/null
    openssl s_server -accept 8443 -key k -cert c -WWW -quiet >/dev/null 2>&1 & server=$!
    sleep 0.5
    echo hello > /tmp/page
    curl -sS https://127.0.0.1:8443/page >/dev/null 2>&1 && echo trusted too early
    cat c >> /etc/ssl/certs/ca-certificates.crt
    curl -sS https://127.0.0.1:8443/page
    kill $server
    for file in /usr/share/ca-certificates/mozilla/*.crt; do openssl verify -no_check_time -no-CAfile -no-CAstore -CApath /etc/ssl/certs "$file" >/dev/null 2>&1 || echo "$file"; done`,
  );
  assert.equal(printed, "hello\n");
});

test("OpenSSL itself would make the same links to certificates", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const printed = inRoot(
    image,
    `cp -a /etc/ssl/certs /tmp/certs && cd /tmp/certs && openssl rehash . 2>/dev/null && ls -l /etc/ssl/certs | awk '{print $9,$11}' > /tmp/ours
    ls -l /tmp/certs | awk '{print $9,$11}' > /tmp/theirs; [ "$(cat /tmp/ours)" = "$(cat /tmp/theirs)" ] && wc -l < /tmp/ours`,
  );
  assert.ok(Number(printed) > 200);
});

test("dpkg finds nothing that is missing, changed or half done, and knows every package", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const printed = inRoot(
    image,
    "dpkg --verify; dpkg --audit; dpkg-query --show --showformat '${Package}\\n' | wc -l",
  );
  assert.equal(Number(printed), image.packages.solution.packages.length);
});

test("the host's dpkg agrees", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  assert.equal(execFileSync("dpkg", ["--root", root, "--verify"]).toString(), "");
  assert.equal(execFileSync("dpkg", ["--root", root, "--audit"]).toString(), "");
});

test("ld.so finds through its cache what ldconfig finds", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const printed = inRoot(
    image,
    'list() { ldconfig -p | sed \'1d;$d\' | sort; }; list > /tmp/a; ldconfig; [ "$(list)" = "$(cat /tmp/a)" ] && wc -l < /tmp/a',
  );
  assert.ok(Number(printed) > 50);
});

test("accounts, shells and names are as dpkg's own scripts would have made them", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const printed = inRoot(
    image,
    `getent passwd root www-data nobody | cut -d: -f1,3,6; readlink -f /bin/sh; update-alternatives --query pager | grep ^Value
    update-alternatives --query awk | grep Status; cat /etc/shells | head -n 2; stat -c '%a %n' /tmp /root /run/lock /etc/shadow; locale -a | grep -i utf; readlink /var/run`,
  );
  assert.deepEqual(printed.trim().split("\n"), [
    "root:0:/root",
    "www-data:33:/var/www",
    "nobody:65534:/nonexistent",
    "/usr/bin/dash",
    "Value: /usr/bin/less",
    "Status: auto",
    "# /etc/shells: valid login shells",
    "/bin/sh",
    "1777 /tmp",
    "700 /root",
    "1777 /run/lock",
    "640 /etc/shadow",
    "C.utf8",
    "/run",
  ]);
});

test("the same solution gives the same members again, from the cache alone", async (t) => {
  const image = await prepared(t);
  if (image === undefined) return;
  const { packages, context, assembly } = image;
  const again = await wholeAssembly(packages, { ...context, network: "offline" });
  assert.equal(await sumOf(again.top({})), await sumOf(assembly.top({})));
  assert.deepEqual([again.created, again.run], [assembly.created, assembly.run]);
});

test("whoever needs more of a script is told, and by everyday packages nobody is", async (t) => {
  if ((await prepared(t)) === undefined) return;
  assert.deepEqual(warnings, []);
});

async function sumOf(members: AsyncIterable<TarInput>): Promise<string> {
  const { createHash } = await import("node:crypto");
  const sum = createHash("sha256");
  for await (const chunk of writeTar(members)) sum.update(chunk);
  return sum.digest("hex");
}
