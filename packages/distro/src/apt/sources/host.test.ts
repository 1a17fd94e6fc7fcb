import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import type { Context } from "../../ecosystem/context.ts";
import type { Solution } from "../../ecosystem/solution.ts";
import {
  AMD64,
  DAY,
  makeKey,
  NOW,
  testContext,
  write,
  writeRepository,
} from "../release/repository.fixture.ts";
import { parseRequest } from "../request.ts";
import { solveRequest } from "../solve-request.ts";
import { Archives } from "./archive.ts";

const KEY = makeKey();

interface TestHost {
  readonly root: string;
  /** Archives lie below: `debian`, `debian-security`, `vendor`. */
  readonly archives: string;
}

/** A Debian with a release, its updates and security fixes, backports, and somebody else's packages. */
async function debianHost(t: TestContext): Promise<TestHost> {
  const [root, archives] = [temporaryDirectory(t), temporaryDirectory(t)];
  const keys = [await KEY];
  write(join(root, "etc/os-release"), 'ID=debian\nVERSION_CODENAME="bookworm"\n');
  write(join(root, "usr/share/keyrings/debian.asc"), keys[0]?.public ?? "");
  write(
    join(root, "etc/apt/sources.list.d/debian.sources"),
    `Types: deb\nURIs: file:${archives}/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian.asc\n
Types: deb\nURIs: file:${archives}/debian-security\nSuites: bookworm-security\nComponents: main\nSigned-By: /usr/share/keyrings/debian.asc\n`,
  );
  write(
    join(root, "etc/apt/sources.list"),
    `deb [signed-by=/usr/share/keyrings/debian.asc] file:${archives}/vendor bookworm main\n`,
  );
  const debian = { Origin: "Debian" };
  const suite = async (
    archive: string,
    name: string,
    packages: readonly string[],
    fields: Readonly<Record<string, string>> = debian,
  ): Promise<string> =>
    await writeRepository(join(archives, archive), { keys, suite: name, packages, fields });
  await suite("debian", "bookworm", ["app 1 Depends: lib", "lib 1", "tool 1"]);
  await suite("debian", "bookworm-updates", ["tool 1.1"]);
  await suite("debian-security", "bookworm-security", ["lib 1+deb12u1"]);
  await suite("debian", "bookworm-backports", ["app 2~bpo12 Depends: lib"], {
    ...debian,
    NotAutomatic: "yes",
    ButAutomaticUpgrades: "yes",
  });
  await suite("debian", "trixie", ["app 3 Depends: lib", "lib 3"]);
  await suite("debian-security", "trixie-security", ["lib 3+deb13u1"]);
  await suite("vendor", "bookworm", ["app 99", "special 1 Depends: lib"], { Origin: "Vendor" });
  return { root, archives };
}

async function solved(context: Context, text: string): Promise<Solution> {
  // A context of its own each time: one reads its indexes once.
  return await solveRequest(parseRequest(text), AMD64, { ...context });
}

function versions({ packages }: Solution): readonly string[] {
  return packages.map(({ name, version }) => `${name} ${version}`).toSorted();
}

test("without a release the host's own is meant, with its updates and security fixes, and nobody else's packages", async (t) => {
  const { root } = await debianHost(t);
  const context = await testContext(t, { hostRoot: root });
  for (const text of ["app/tool", "app/tool:bookworm"]) {
    // oxlint-disable-next-line no-await-in-loop
    const solution = await solved(context, text);
    assert.deepEqual(versions(solution), ["app 1", "lib 1+deb12u1", "tool 1.1"]);
    assert.deepEqual(
      solution.repositories.map(({ path }) => path),
      [
        "debian/dists/bookworm/main",
        "debian/dists/bookworm-updates/main",
        "debian-security/dists/bookworm-security/main",
      ],
    );
  }
});

test("a release that the host does not have is found at the same archives", async (t) => {
  const { root } = await debianHost(t);
  const context = await testContext(t, { hostRoot: root });
  assert.deepEqual(versions(await solved(context, "app:trixie")), ["app 3", "lib 3+deb13u1"]);
  await assert.rejects(solved(context, "app:forky"), { code: "NOT_FOUND", message: /forky/ });
});

test("a host that calls its release stable has the same archives", async (t) => {
  const { root } = await debianHost(t);
  const sources = join(root, "etc/apt/sources.list.d/debian.sources");
  write(sources, (await readFile(sources, "utf8")).replaceAll("bookworm", "stable"));
  const context = await testContext(t, { hostRoot: root });
  assert.deepEqual(versions(await solved(context, "app:trixie")), ["app 3", "lib 3+deb13u1"]);
  assert.deepEqual(versions(await solved(context, "app")), ["app 1", "lib 1+deb12u1"]);
});

test("somebody else's packages are taken where their release is named, and stand on the host's own", async (t) => {
  const { root, archives } = await debianHost(t);
  const context = await testContext(t, { hostRoot: root });
  const keys = [await KEY];
  const vendor = {
    keys,
    suite: "nodistro",
    packages: ["special 2 Depends: lib"],
    fields: { Origin: "Vendor" },
  };
  await writeRepository(join(archives, "vendor"), vendor);
  write(
    join(root, "etc/apt/sources.list"),
    `deb [signed-by=/usr/share/keyrings/debian.asc] file:${archives}/vendor nodistro main\n`,
  );
  assert.deepEqual(versions(await solved(context, "special:nodistro")), ["lib 1+deb12u1", "special 2"]);
});

test("backports are taken where they are asked for, the rest from the release that they add to", async (t) => {
  const { root } = await debianHost(t);
  const context = await testContext(t, { hostRoot: root });
  assert.deepEqual(versions(await solved(context, "app:bookworm-backports")), [
    "app 2~bpo12",
    "lib 1+deb12u1",
  ]);
});

test("a single package may come from another release, and what it cannot do without", async (t) => {
  const { root } = await debianHost(t);
  const context = await testContext(t, { hostRoot: root });
  assert.deepEqual(versions(await solved(context, "app@bookworm-backports/tool")), [
    "app 2~bpo12",
    "lib 1+deb12u1",
    "tool 1.1",
  ]);
  assert.deepEqual(versions(await solved(context, "app@trixie/tool")), [
    "app 3",
    "lib 1+deb12u1",
    "tool 1.1",
  ]);
});

test("the host's preferences count for its own sources", async (t) => {
  const { root } = await debianHost(t);
  write(join(root, "etc/apt/preferences.d/lib.pref"), "Package: lib\nPin: version 1\nPin-Priority: 1001\n");
  const context = await testContext(t, { hostRoot: root });
  assert.deepEqual(versions(await solved(context, "lib")), ["lib 1"]);
});

test("the host decides whether times are checked", async (t) => {
  const { root, archives } = await debianHost(t);
  await writeRepository(join(archives, "debian"), {
    keys: [await KEY],
    suite: "bookworm-updates",
    fields: { Origin: "Debian", "Valid-Until": new Date((NOW - DAY / 2) * 1000).toUTCString() },
    packages: [],
  });
  const context = await testContext(t, { hostRoot: root });
  await assert.rejects(solved(context, "lib"), { code: "INDEX_EXPIRED", message: /bookworm-updates/ });
  write(join(root, "etc/apt/apt.conf.d/99times"), 'Acquire::Check-Valid-Until "false";\n');
  assert.deepEqual(versions(await solved(context, "lib")), ["lib 1+deb12u1"]);
});

test("the host's trusted keys count where a source names none, and only those that it names where it does", async (t) => {
  const { root } = await debianHost(t);
  const sources = join(root, "etc/apt/sources.list.d/debian.sources");
  const text = await readFile(sources, "utf8");
  const key = await KEY;
  write(sources, text.replaceAll(/Signed-By: .*/g, ""));
  const context = await testContext(t, { hostRoot: root });
  await assert.rejects(solved(context, "lib"), { code: "KEY_UNKNOWN" });
  write(join(root, "etc/apt/trusted.gpg.d/debian.asc"), key.public);
  assert.deepEqual(versions(await solved(context, "lib")), ["lib 1+deb12u1"]);
  write(sources, text.replaceAll(/Signed-By: .*/g, `Signed-By: ${key.fingerprint}`));
  assert.deepEqual(versions(await solved(context, "lib")), ["lib 1+deb12u1"]);
  write(sources, text.replaceAll(/Signed-By: .*/g, `Signed-By: ${"0".repeat(40)}`));
  await assert.rejects(solved(context, "lib"), { code: "KEY_UNKNOWN" });
  const inline = key.public.trim().replaceAll(/\r?\n/g, "\n ").replaceAll("\n \n", "\n .\n");
  write(sources, text.replaceAll(/Signed-By: .*/g, `Signed-By:\n ${inline}`));
  assert.deepEqual(versions(await solved(context, "lib")), ["lib 1+deb12u1"]);
});

test("a host without sources says what to do", async (t) => {
  const context = await testContext(t);
  await assert.rejects(solved(context, "app"), {
    code: "REPOSITORY_INVALID",
    message: /no release is named/,
  });
  await assert.rejects(solved(context, "app:bookworm"), {
    code: "REPOSITORY_INVALID",
    message: /no source for bookworm/,
  });
});

test("a package is found again at the archive that the solution names, on any machine that has it", async (t) => {
  const { root, archives } = await debianHost(t);
  const context = await testContext(t, { hostRoot: root });
  const solution = await solved(context, "app");
  const [lib] = solution.packages;
  assert.ok(lib !== undefined);
  assert.equal(
    new Archives(solution, context).locate(solution, lib).url,
    `file:${archives}/debian-security/lib_1+deb12u1.deb`,
  );
  const elsewhere = await testContext(t);
  assert.throws(() => new Archives(solution, elsewhere).locate(solution, lib), {
    code: "REPOSITORY_INVALID",
  });
});

test("an index can be given by its path, an archive by its directory", async (t) => {
  const { archives } = await debianHost(t);
  const path = join(archives, "vendor/dists/bookworm/main/binary-amd64/Packages.gz");
  const byIndex = await testContext(t, {
    repositories: [path, join(archives, "debian/dists/trixie/main/binary-amd64/Packages.gz")],
  });
  const solution = await solved(byIndex, "special");
  assert.deepEqual(versions(solution), ["lib 3", "special 1"]);
  assert.deepEqual(
    solution.repositories.map(({ path: each, signedBy }) => [each, signedBy]),
    [
      ["vendor", []],
      ["debian", []],
    ],
  );
  assert.ok(byIndex.events.some((event) => event.type === "warning" && event.subject === path));
  const keyring = join(temporaryDirectory(t), "key.asc");
  write(keyring, (await KEY).public);
  const byDirectory = await testContext(t, { repositories: [join(archives, "vendor")], keyrings: [keyring] });
  assert.deepEqual(versions(await solved(byDirectory, "app")), ["app 99"]);
  await assert.rejects(solved(await testContext(t, { repositories: [temporaryDirectory(t)] }), "app"), {
    code: "REPOSITORY_INVALID",
  });
});

test("over HTTP an index is asked for by its digest, with the host's credentials, and once", async (t) => {
  const { archives } = await debianHost(t);
  await writeRepository(join(archives, "debian"), {
    keys: [await KEY],
    suite: "bookworm",
    fields: { "Acquire-By-Hash": "yes" },
  });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    asked.push(url);
    if (request.headers.authorization !== `Basic ${btoa("bob:s3cret")}`) {
      response.writeHead(401).end();
      return;
    }
    readFile(join(archives, url)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const hostRoot = temporaryDirectory(t);
  write(join(hostRoot, "etc/apt/auth.conf"), `machine ${base}/debian login bob password s3cret\n`);
  write(join(hostRoot, "etc/apt/trusted.gpg.d/key.asc"), (await KEY).public);
  const context = await testContext(t, { hostRoot, repositories: [`${base}/debian bookworm main`] });
  const [first] = [await solved(context, "app"), await solved(context, "app")];
  assert.deepEqual(versions(first), ["app 1", "lib 1"]);
  assert.equal(
    asked.filter((url) => /\/main\/binary-amd64\/by-hash\/SHA256\/[0-9a-f]{64}$/.test(url)).length,
    1,
  );
  assert.ok(asked.every((url) => !url.endsWith("Packages.gz")));
  assert.doesNotMatch(JSON.stringify(first), /127\.0\.0\.1|s3cret/);
});
