import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { readTar, type TarMember } from "@cooper/archive";
import { formatLock, parseLock } from "@cooper/distro";
import { type Content, type Image, validate } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import { type ApkoOptions, buildApko, lockApko } from "./build-apko.ts";

const DATA = resolve(import.meta.dirname, "../../../../../shared/data/apk/signed-repo");

interface Built {
  readonly content: Content;
  readonly image: Image;
  readonly root: ReadonlyMap<string, TarMember & { readonly text: string }>;
}

function file(t: TestContext, source: string): string {
  const path = join(temporaryDirectory(t), "image.yaml");
  writeFileSync(path, source);
  return path;
}

async function build(t: TestContext, path: string, options: ApkoOptions = {}): Promise<Built> {
  const built = await buildApko(path, {
    environment: {},
    hostRoot: temporaryDirectory(t),
    cache: { directory: temporaryDirectory(t) },
    ...options,
  });
  t.after(async () => await built.close());
  const { content } = built;
  await content.digest(); // a fault comes as what it is
  assert.deepEqual(await validate(content, { depth: "full" }), []);
  const image = content.kind === "image" ? content : await firstImage(content);
  const root = new Map<string, TarMember & { readonly text: string }>();
  for (const layer of await image.layers()) {
    for await (const member of readTar(layer.tar())) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of member.content()) chunks.push(chunk);
      root.set(member.path, { ...member, text: Buffer.concat(chunks).toString("utf8") });
    }
  }
  return { content, image, root };
}

async function firstImage(index: Extract<Content, { kind: "index" }>): Promise<Image> {
  const [first] = await index.children();
  assert.ok(first?.kind === "image");
  return first;
}

const BASE = `contents:
  repositories: [${DATA}]
  keyring: [${DATA}/melange.rsa.pub]
  packages: [replayout, custom-ca-certs-1]
archs: [amd64]
`;

function skipped(t: TestContext): boolean {
  if (existsSync(DATA)) return false;
  t.skip(`SKIPPED: the real apk data are missing: ${DATA}`);
  return true;
}

test("everything in the file acts on the image", async (t) => {
  if (skipped(t)) return;
  const { image, root } = await build(
    t,
    file(
      t,
      `${BASE}
entrypoint: {command: /bin/server --port 80}
cmd: "'a b' c"
stop-signal: SIGQUIT
work-dir: /srv
environment: {PORT: 8080, A: "1"}
volumes: [/data]
annotations: {org.test.key: value}
vcs-url: https://host.test/repo@0123456789abcdef
accounts:
  run-as: web
  users: [{username: web, uid: 1000, gid: 1001}]
  groups: [{groupname: web, gid: 1001, members: [web]}]
paths:
  - {path: /srv/data, type: directory, permissions: 0o1770, uid: 1000, gid: 1001}
  - {path: /srv/data/empty, type: empty-file, permissions: 0600, uid: 1000}
  - {path: /srv/link, type: symlink, source: data/empty}
  - {path: /srv/hard, type: hardlink, source: /etc/os-release}
  - {path: /etc/os-release, type: permissions, permissions: 0o440, uid: 5, gid: 6}
  - {path: /var/lib, type: permissions, permissions: 0o700, recursive: true}
`,
    ),
  );
  const { config, ...rest } = await image.config();
  assert.equal(rest.architecture, "amd64");
  assert.deepEqual(config, {
    Env: [
      "A=1",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "PORT=8080",
      "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
    ],
    Entrypoint: ["/bin/server", "--port", "80"],
    Cmd: ["a b", "c"],
    User: "web",
    WorkingDir: "/srv",
    StopSignal: "SIGQUIT",
    Volumes: { "/data": {} },
    Labels: {
      "org.opencontainers.image.source": "https://host.test/repo",
      "org.opencontainers.image.revision": "0123456789abcdef",
      "org.test.key": "value",
    },
  });
  const access = (path: string): unknown => {
    const { type, mode, uid, gid } = root.get(path) ?? assert.fail(path);
    return [type, mode.toString(8), uid, gid];
  };
  assert.match(root.get("etc/passwd")?.text ?? "", /^web:x:1000:1001:Linux User,,,:\/home\/web:\/bin\/sh$/m);
  assert.match(root.get("etc/group")?.text ?? "", /^web:x:1001:web$/m);
  assert.deepEqual(access("home/web"), ["directory", "700", 1000, 1001]);
  assert.deepEqual(access("srv/data"), ["directory", "1770", 1000, 1001]);
  assert.deepEqual(access("srv/data/empty"), ["file", "600", 1000, 0]);
  assert.equal(root.get("srv/link")?.linkPath, "data/empty");
  assert.equal(root.get("srv/hard")?.linkPath, "etc/os-release");
  assert.deepEqual(access("etc/os-release"), ["file", "440", 5, 6]);
  assert.match(root.get("etc/os-release")?.text ?? "", /NAME="Replaces"/);
  assert.deepEqual(access("var/lib/db/sbom"), ["directory", "700", 0, 0]);
  const [sbom] = [...root.keys()].filter((path) => path.endsWith(".spdx.json"));
  assert.deepEqual(access(sbom ?? ""), ["file", "700", 0, 0]);
  assert.equal(root.get("etc/apk/repositories")?.text, "# signed-repo\n");
  assert.match(root.get("etc/apko.json")?.text ?? "", /"packages":\["custom-ca-certs-1=1\.0\.0-r0"/);
  assert.ok(!root.get("etc/apko.json")?.text.includes(DATA), "a machine's path is no part of an image");
});

test("the file's architectures make an index, and a layering one layer for the packages", async (t) => {
  if (skipped(t)) return;
  const path = file(
    t,
    `${BASE.replace("[amd64]", "[x86_64, aarch64]")}layering: {strategy: origin, budget: 0}\n`,
  );
  const { content, image } = await build(t, path);
  assert.ok(content.kind === "index");
  assert.deepEqual(
    (await content.manifest()).manifests.map(({ platform }) => platform?.architecture),
    ["amd64", "arm64"],
  );
  assert.equal((await image.layers()).length, 2);
});

test("a lock makes the same image again, and is of no use once the file has changed", async (t) => {
  if (skipped(t)) return;
  const path = file(t, BASE);
  const settings = { environment: {}, hostRoot: temporaryDirectory(t) };
  const lock = await lockApko(path, { ...settings, cache: { directory: temporaryDirectory(t) } });
  assert.ok(!formatLock(lock).includes(DATA), "a lock names no machine's path");
  const again = parseLock(formatLock(lock), "image.lock");
  const first = await build(t, path);
  const second = await build(t, path, { lock: again });
  assert.equal(await second.content.digest(), await first.content.digest());
  writeFileSync(path, `${BASE}cmd: other\n`);
  await assert.rejects(buildApko(path, { ...settings, lock: again }), { code: "LOCK_OUTDATED" });
});

test("certificates are added to the bundle, and a provider has to be there", async (t) => {
  if (skipped(t)) return;
  const { root } = await build(t, file(t, BASE));
  const pem = root.get("usr/local/share/ca-certificates/cert-b.crt")?.text ?? "";
  const indented = pem.trim().replaceAll("\n", "\n        ");
  const certificates = (provider: string): string => `${BASE}certificates:
  providers: [${provider}]
  additional:
    - name: own
      content: |
        ${indented}
`;
  const added = await build(t, file(t, certificates("custom-ca-certificates")));
  const bundle = "etc/ssl/certs/ca-certificates.crt";
  assert.equal(certificatesIn(added.root.get(bundle)?.text), certificatesIn(root.get(bundle)?.text) + 1);
  assert.equal(added.root.get("usr/local/share/ca-certificates/own.crt")?.text, `${pem.trim()}\n`);
  await assert.rejects(build(t, file(t, certificates("nobody"))), { code: "CONFIGURATION_INVALID" });
});

test("what Cooper does not build is refused, and what makes no sense is said", async (t) => {
  if (skipped(t)) return;
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ["format: erofs", "CONFIGURATION_UNSUPPORTED", /erofs/],
    ["entrypoint: {type: service-bundle, services: {a: b}}", "CONFIGURATION_UNSUPPORTED", /service bundle/],
    ["entrypoint: {type: other}", "CONFIGURATION_INVALID", /no type "other"/],
    ['cmd: "\'open"', "CONFIGURATION_INVALID", /quote stays open/],
    ["paths: [{path: /none, type: permissions, permissions: 0600}]", "CONFIGURATION_INVALID", /is not there/],
    ["paths: [{path: ../x, type: empty-file}]", "CONFIGURATION_INVALID", /below the root/],
    ["paths: [{path: /x, type: symlink}]", "CONFIGURATION_INVALID", /source does not say/],
    ["paths: [{path: /etc/os-release, type: directory}]", "CONFIGURATION_INVALID", /is a file already/],
    ["certificates: {additional: [{name: a, content: b}]}", "CONFIGURATION_INVALID", /no certificate/],
  ];
  for (const [source, code, message] of rows) {
    await assert.rejects(build(t, file(t, `${BASE}${source}\n`)), { code, message }, source);
  }
  const base = BASE.replace("contents:", "contents:\n  baseimage: {image: a, apkindex: b}");
  await assert.rejects(build(t, file(t, base)), { code: "CONFIGURATION_UNSUPPORTED" });
  const arch = BASE.replace("amd64", "vax");
  await assert.rejects(build(t, file(t, arch)), { code: "CONFIGURATION_INVALID", message: /"vax"/ });
});

test("paths in the file are beside it, wherever the command runs", async (t) => {
  if (skipped(t)) return;
  const path = file(t, BASE.replaceAll(DATA, "keys"));
  mkdirSync(join(path, "../keys"));
  await assert.rejects(build(t, path), { code: "KEY_INVALID", message: /keys\/melange\.rsa\.pub/ });
});

function certificatesIn(text = ""): number {
  return text.match(/BEGIN CERTIFICATE/g)?.length ?? 0;
}
