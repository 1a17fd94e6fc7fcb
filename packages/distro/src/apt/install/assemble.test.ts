import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { collect, type TarInput } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import { temporaryDirectory } from "@cooper/test";
import type { Assembly, Whole } from "../../ecosystem/ecosystem.ts";
import { type OpenContext, openContext } from "../../ecosystem/open-context.ts";
import type { SolvedPackage } from "../../ecosystem/solution.ts";
import { solutionOf, solvedPackage } from "../debian.fixture.ts";
import { type DebParts, makeDeb } from "../package/deb.fixture.ts";
import { assemble } from "./assemble.ts";

const work = mkdtempSync(join(tmpdir(), "cooper-assemble-"));
const directory = join(work, "archives");
const warnings: string[] = [];
let context: OpenContext | undefined;
after(async () => {
  await context?.close();
  rmSync(work, { recursive: true, force: true });
});

interface Sample extends Omit<DebParts, "fields"> {
  readonly fields?: string;
}

async function packageOf(name: string, parts: Sample): Promise<SolvedPackage> {
  const fields = `Package: ${name}\nVersion: 1.0\nArchitecture: amd64\nMaintainer: x\n${parts.fields ?? ""}Description: ${name}\n`;
  const bytes = await makeDeb({ ...parts, fields });
  const file = `${name}_${createHash("md5").update(bytes).digest("hex")}.deb`;
  const { mkdirSync } = await import("node:fs");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, file), bytes);
  return await solvedPackage(directory, file, { name, version: "1.0", architecture: "amd64" });
}

async function assembled(packages: readonly SolvedPackage[]): Promise<Assembly & Whole> {
  warnings.length = 0;
  context ??= await openContext({
    cache: { directory: join(work, "cache") },
    repositories: [`file:${directory} test main`],
    onEvent: (event) => {
      if (event.type === "warning") warnings.push(`${event.subject}: ${event.message}`);
    },
  });
  const assembly = await assemble(solutionOf(packages, ["sample"]), context);
  return { ...assembly, ...(await assembly.whole({})) };
}

/** What the topmost layer has, but for dpkg's database: by path, what it is. */
async function topOf(assembly: Whole): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const member of assembly.top({})) {
    if (/^(etc|var|var\/lib(\/dpkg.*)?)$/.test(member.path)) continue;
    found[member.path] = await describe(member);
  }
  return found;
}

async function describe(member: TarInput): Promise<string> {
  if (member.type === "directory") return (member.mode ?? 0).toString(8);
  if (member.type === "symlink") return `→ ${member.linkPath ?? ""}`;
  return await textOf(member);
}

async function textOf(member: TarInput): Promise<string> {
  if (member.bytes !== undefined) return Buffer.from(member.bytes).toString();
  const content = member.content?.() ?? Buffer.alloc(0);
  return content instanceof Uint8Array
    ? Buffer.from(content).toString()
    : (await collect(content, { limit: 1000 })).toString();
}

async function database(assembly: Whole, name: string): Promise<string> {
  for await (const member of assembly.top({})) {
    if (member.path === `var/lib/dpkg/${name}`) return await textOf(member);
  }
  return assert.fail(`there is no ${name}`);
}

const dir = (path: string, mode = 0o755): TarInput => ({ path, type: "directory", mode });
const file = (path: string, text: string): TarInput => ({ path, type: "file", bytes: Buffer.from(text) });
const link = (path: string, linkPath: string): TarInput => ({ path, type: "symlink", linkPath });
const script = (name: string, text: string): TarInput => file(`./${name}`, `#!/bin/sh\nset -e\n${text}\n`);

test("two packages with one file are a conflict that names both", async () => {
  const one = await packageOf("one", { data: [file("./usr/x", "1")] });
  const two = await packageOf("two", { data: [file("./usr/x", "2")] });
  await assert.rejects(assembled([one, two]), (error) => {
    assert.ok(isFault(error, "PACKAGE_CONFLICT"));
    assert.match(error.message, /both one 1\.0 and two 1\.0 have \/usr\/x/);
    return true;
  });
});

test("the same conflict is seen under the two names of a merged /usr", async () => {
  const one = await packageOf("one", { data: [file("./bin/x", "1")] });
  const two = await packageOf("two", { data: [file("./usr/bin/x", "2")] });
  await assert.rejects(assembled([one, two]), (error) => isFault(error, "PACKAGE_CONFLICT"));
});

for (const order of ["before", "after"] as const) {
  test(`a package that replaces another's file owns it, also where it comes ${order} that`, async () => {
    const old = await packageOf("old", { data: [file("./x", "old"), file("./y", "y")] });
    const heir = await packageOf("heir", { fields: "Replaces: old (<< 2.0)\n", data: [file("./x", "new")] });
    const assembly = await assembled(order === "before" ? [heir, old] : [old, heir]);
    assert.equal((await topOf(assembly))["x"], "new", "the layers below may lie in any order");
    assert.equal(await database(assembly, "info/old.list"), "/y\n");
    assert.equal(await database(assembly, "info/heir.list"), "/x\n");
  });
}

test("a package that replaces only other versions does not", async () => {
  const old = await packageOf("old", { data: [file("./x", "old")] });
  const heir = await packageOf("heir", { fields: "Replaces: old (<< 1.0)\n", data: [file("./x", "new")] });
  await assert.rejects(assembled([old, heir]), (error) => isFault(error, "PACKAGE_CONFLICT"));
});

for (const order of ["before", "after"] as const) {
  test(`a file that was diverted lies under its other name, also where its package comes ${order}`, async () => {
    const plain = await packageOf("plain", { data: [dir("./usr"), file("./usr/x", "plain")] });
    const divert = "dpkg-divert --package fancy --add --rename --divert /usr/x.plain /usr/x";
    const fancy = await packageOf("fancy", {
      control: [script("preinst", divert)],
      data: [dir("./usr"), file("./usr/x", "fancy")],
    });
    const assembly = await assembled(order === "before" ? [plain, fancy] : [fancy, plain]);
    const top = await topOf(assembly);
    assert.deepEqual([top["usr/x"], top["usr/x.plain"]], ["fancy", "plain"]);
    assert.equal(await database(assembly, "diversions"), "/usr/x\n/usr/x.plain\nfancy\n");
    assert.equal(await database(assembly, "info/plain.list"), "/usr\n/usr/x\n");
  });
}

test("a file that is diverted away and not replaced is whited out", async () => {
  const plain = await packageOf("plain", { data: [file("./x", "plain")] });
  const mover = await packageOf("mover", {
    control: [script("preinst", "dpkg-divert --package mover --add --rename --divert /x.away /x")],
  });
  assert.deepEqual(await topOf(await assembled([plain, mover])), { ".wh.x": "", "x.away": "plain" });
});

test("directories have the mode of the package that was first, and links to directories stay", async () => {
  const first = await packageOf("first", {
    data: [dir("./srv", 0o700), dir("./real"), link("./alias", "real")],
  });
  const second = await packageOf("second", {
    data: [dir("./srv", 0o755), dir("./alias"), file("./alias/x", "x")],
  });
  const top = await topOf(await assembled([first, second]));
  assert.equal(top["srv"], "700");
  assert.equal(top["alias"], "→ real");
  assert.equal(top["real/x"], "x");
});

test("the links of a merged /usr are there where a package needs them, and no others", async () => {
  const tool = await packageOf("tool", { data: [file("./bin/tool", "x"), file("./lib64/ld.so", "x")] });
  const top = await topOf(await assembled([tool]));
  assert.deepEqual(
    Object.entries(top).filter(([, what]) => what.startsWith("→")),
    [
      ["bin", "→ usr/bin"],
      ["lib64", "→ usr/lib64"],
    ],
  );
});

test("what asserts that /usr is merged takes none of its links away", async () => {
  const libc = await packageOf("libc", { data: [file("./lib64/ld.so", "x")] });
  const merged = await packageOf("usr-is-merged", {
    data: [file("./usr/share/doc/usr-is-merged/copyright", "x")],
    control: [script("postinst", 'rm "$DPKG_ROOT/lib64"')],
  });
  assert.equal((await topOf(await assembled([libc, merged])))["lib64"], "→ usr/lib64");
});

test("a package's layer is the same whatever else is in the image", async () => {
  const one = await packageOf("one", { data: [file("./bin/x", "1")] });
  const two = await packageOf("two", { data: [file("./lib/y", "2")] });
  const [alone] = (await assembled([one])).packages;
  const [among] = (await assembled([one, two])).packages;
  assert.equal(alone?.key, among?.key);
  const paths: string[] = [];
  for await (const member of among?.members({}) ?? []) paths.push(member.path);
  assert.deepEqual(paths, ["usr/bin/x"]);
});

test("what a script does beyond what is done here is told once, with its line", async () => {
  const needy = await packageOf("needy", {
    control: [script("postinst", "touch /etc/ready\nmystery --init\nsystemctl start needy")],
    data: [dir("./etc"), { ...file("./usr/bin/mystery", "x"), mode: 0o755 }],
  });
  const top = await topOf(await assembled([needy]));
  assert.equal(top["etc/ready"], "");
  assert.deepEqual(warnings, ["needy: its postinst calls mystery in line 4: that is not done"]);
});

test("a script of another language is told, and one that ends early too", async () => {
  const perl = await packageOf("perl-like", { control: [file("./postinst", "#!/usr/bin/perl\nprint 1;\n")] });
  const sad = await packageOf("sad", { control: [script("postinst", "echo before\nfalse\necho after")] });
  await assembled([perl, sad]);
  assert.deepEqual(warnings, [
    "perl-like: its postinst is written for /usr/bin/perl: that is not done",
    "sad: its postinst ends with status 1 in line 4: that is not done",
  ]);
});

test("status has the fields in dpkg's order, conffiles with their sums, and what others wait for", async () => {
  const sample = await packageOf("sample", {
    fields: "Multi-Arch: same\nHomepage: h\nDepends: libc6 (>= 2),\n libx\nX-Own: yes\nPriority: optional\n",
    control: [
      file("./conffiles", "/etc/sample.conf\n"),
      file("./triggers", "interest-noawait /usr/share/sample\ninterest sample-trigger\n"),
    ],
    data: [dir("./"), dir("./etc"), file("./etc/sample.conf", "conf\n"), file("./usr/y", "y\n")],
  });
  const assembly = await assembled([sample]);
  assert.equal(
    await database(assembly, "status"),
    `Package: sample
Status: install ok installed
Priority: optional
Maintainer: x
Architecture: amd64
Multi-Arch: same
Version: 1.0
Depends: libc6 (>= 2), libx
Conffiles:
 /etc/sample.conf bc88a6cbb3a4dc29c2ecd3b0dab1ca3d
Description: sample
Homepage: h
X-Own: yes

`.replace("bc88a6cbb3a4dc29c2ecd3b0dab1ca3d", createHash("md5").update("conf\n").digest("hex")),
  );
  assert.equal(await database(assembly, "info/sample:amd64.list"), "/.\n/etc\n/etc/sample.conf\n/usr/y\n");
  assert.equal(
    await database(assembly, "info/sample:amd64.md5sums"),
    `${createHash("md5").update("y\n").digest("hex")}  usr/y\n`,
    "dpkg makes sums for a package without any",
  );
  assert.equal(await database(assembly, "triggers/File"), "/usr/share/sample sample:amd64/noawait\n");
  assert.equal(await database(assembly, "triggers/sample-trigger"), "sample:amd64\n");
});

test("a file that is another package than the one that was solved is refused", async () => {
  const sample = await packageOf("sample", {});
  for (const wrong of [{ name: "other" }, { version: "1.1" }, { architecture: "arm64" }]) {
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(assembled([{ ...sample, ...wrong }]), (error) => {
      assert.ok(isFault(error, "PACKAGE_INVALID"));
      return /says (Package|Version|Architecture): /.test(error.message);
    });
  }
});

test("a file with other bytes than the index promises is refused, and nothing of it is kept", async () => {
  const sample = await packageOf("sample", { data: [file("./z", "unlike all others")] });
  const wrong = { ...sample, checksum: `sha256:${"0".repeat(64)}` };
  await assert.rejects(assembled([wrong]), (error) => isFault(error, "DIGEST_MISMATCH"));
});

test("a mirror that lies about a package's size is found out, and nothing of it is kept", async () => {
  const sample = await packageOf("sample", { data: [file("./z", "of a size of its own")] });
  const path = join(directory, sample.path);
  const bytes = readFileSync(path);
  for (const [sent, code] of [
    [Buffer.concat([bytes, Buffer.alloc(1)]), "FILE_TOO_LARGE"],
    [bytes.subarray(0, -1), "SIZE_MISMATCH"],
    [Buffer.alloc(0), "SIZE_MISMATCH"],
  ] as const) {
    writeFileSync(path, sent);
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(assembled([sample]), (error) => isFault(error, code));
    const kept = readdirSync(join(work, "cache"), { recursive: true, encoding: "utf8" });
    assert.ok(kept.every((name) => !name.startsWith("aside/") && !name.includes(sample.checksum.slice(7))));
  }
  writeFileSync(path, bytes);
  await assembled([sample]);
});

test("a percent sign in a file's name is one, in a repository by its path and by its address", async (t) => {
  const bytes = await makeDeb({});
  const root = temporaryDirectory(t);
  writeFileSync(join(root, "sample_1%3a1.0_amd64.deb"), bytes);
  const facts = { name: "sample", version: "1.0", architecture: "amd64" };
  const solved = await solvedPackage(root, "sample_1%3a1.0_amd64.deb", facts);
  const solution = solutionOf([solved], ["sample"]);
  const named = { ...solution, repositories: [{ path: basename(root), index: "", signedBy: [] }] };
  for (const repository of [root, `file:${root}`]) {
    // oxlint-disable-next-line no-await-in-loop
    const own = await openContext({
      cache: { directory: temporaryDirectory(t) },
      repositories: [`${repository} test main`],
    });
    t.after(async () => await own.close());
    // oxlint-disable-next-line no-await-in-loop
    const { run } = await (await assemble(named, own)).whole({});
    assert.ok(run.Env !== undefined);
  }
});

test("a command is what was asked for, if there is one of its name, and the time is the newest member's", async () => {
  const sample = await packageOf("sample", {
    data: [{ ...file("./usr/bin/sample", "x"), mode: 0o755, mtime: { seconds: 77, nanoseconds: 0 } }],
  });
  const { run, created } = await assembled([sample]);
  assert.deepEqual(run.Cmd, ["sample"]);
  assert.equal(created, 77);
  assert.ok(run.Env?.includes("LANG=C.UTF-8"));
});
