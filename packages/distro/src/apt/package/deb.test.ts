import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type TarInput, writeTar } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import { layoutMembers } from "./content.ts";
import { type DebFile, readControl } from "./deb.ts";
import { makeAr, makeDeb, tar } from "./deb.fixture.ts";

const directory = mkdtempSync(join(tmpdir(), "cooper-deb-"));
after(() => rmSync(directory, { recursive: true, force: true }));

let count = 0;
function fileOf(bytes: Uint8Array): DebFile {
  count++;
  const path = join(directory, `${count}.deb`);
  writeFileSync(path, bytes);
  return { path, label: "sample 1.0" };
}

async function layout(file: DebFile): Promise<{ readonly members: TarInput[]; readonly listed: string[] }> {
  const members: TarInput[] = [];
  const listed: string[] = [];
  for await (const member of layoutMembers(file, (path) => listed.push(path))) members.push(member);
  return { members, listed };
}

/** Reads all of it, with what is in its files, and gives what is wrong. */
async function faultOf(bytes: Uint8Array): Promise<string> {
  const file = fileOf(bytes);
  try {
    await readControl(file);
    await layout(file);
    for await (const _ of writeTar(layoutMembers(file, () => {}))) continue;
  } catch (error) {
    assert.ok(isFault(error, "PACKAGE_INVALID"), String(error));
    assert.match(error.message, /sample 1\.0/);
    return error.message;
  }
  return assert.fail("nothing was wrong");
}

const directoryOf = (path: string): TarInput => ({ path, type: "directory" });
const fileAt = (path: string): TarInput => ({ path, type: "file", bytes: Buffer.from(path) });
const linkAt = (path: string, linkPath: string): TarInput => ({ path, type: "symlink", linkPath });

for (const [compression, name] of [
  ["none", "data.tar"],
  ["gzip", "data.tar.gz"],
  ["xz", "data.tar.xz"],
  ["zstd", "data.tar.zst"],
] as const) {
  test(`a package that dpkg-deb made with ${compression} is read`, async () => {
    const root = join(directory, `build-${compression}`);
    execFileSync("sh", [
      "-ec",
      `mkdir -p ${root}/DEBIAN ${root}/usr/share/x; echo hello > ${root}/usr/share/x/hello`,
    ]);
    writeFileSync(
      join(root, "DEBIAN/control"),
      "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n",
    );
    const path = join(directory, `${compression}.deb`);
    execFileSync("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "--build", root, path], {
      stdio: "ignore",
    });
    const file = { path, label: "x 1" };
    assert.equal((await readControl(file)).get("control")?.startsWith("Package: x\n"), true);
    const { members, listed } = await layout(file);
    assert.deepEqual(
      members.map((member) => member.path),
      ["usr", "usr/share", "usr/share/x", "usr/share/x/hello"],
    );
    assert.equal(listed[0], "");
    assert.ok(execFileSync("ar", ["t", path]).toString().includes(name));
  });
}

test("what lies in directories of old is moved to those of a merged /usr", async () => {
  const deb = await makeDeb({
    data: [
      directoryOf("./"),
      directoryOf("./bin"),
      fileAt("./bin/tool"),
      linkAt("./bin/up", "../etc/x"),
      linkAt("./bin/near", "tool"),
      linkAt("./bin/far", "/bin/tool"),
      { path: "./bin/again", type: "hardlink", linkPath: "./bin/tool" },
      directoryOf("./lib64"),
      linkAt("./lib64/ld.so", "../lib/x86_64-linux-gnu/ld.so"),
      directoryOf("./usr"),
      directoryOf("./usr/bin"),
      linkAt("./usr/bin/tool", "/bin/tool"),
      directoryOf("./var/run/sample"),
    ],
  });
  const { members, listed } = await layout(fileOf(deb));
  assert.deepEqual(
    members.map(({ path, linkPath = "" }) => (linkPath === "" ? path : `${path} → ${linkPath}`)),
    [
      "usr/bin",
      "usr/bin/tool",
      "usr/bin/up → ../../etc/x",
      "usr/bin/near → tool",
      "usr/bin/far → /bin/tool",
      "usr/bin/again → usr/bin/tool",
      "usr/lib64",
      "usr/lib64/ld.so → ../lib/x86_64-linux-gnu/ld.so",
      "usr",
      "run/sample",
    ],
  );
  assert.ok(listed.includes("bin/tool"), "dpkg lists what the package has, by its own name");
});

test("a package that brings the links of a merged /usr itself keeps them", async () => {
  const deb = await makeDeb({
    data: [linkAt("./bin", "usr/bin"), linkAt("./lib64", "usr/lib64"), fileAt("./usr/bin/x")],
  });
  const { members } = await layout(fileOf(deb));
  assert.deepEqual(
    members.map(({ path }) => path),
    ["bin", "lib64", "usr/bin/x"],
  );
});

const HOSTILE: readonly (readonly [what: string, member: TarInput, complaint: RegExp])[] = [
  ["a path that leaves the root", fileAt("./usr/../../etc/passwd"), /leaves the root/],
  ["an absolute path", fileAt("/etc/passwd"), /absolute path/],
  ["a device", { path: "./dev/x", type: "block-device" }, /device ".*dev\/x"/],
  ["a pipe", { path: "./run/x", type: "fifo" }, /device/],
  ["a whiteout", fileAt("./etc/.wh.passwd"), /removes a file/],
  [
    "a hard link to a file of the host",
    { path: "./x", type: "hardlink", linkPath: "../../etc/shadow" },
    /leaves the root/,
  ],
  [
    "a hard link to nothing",
    { path: "./x", type: "hardlink", linkPath: "./etc/shadow" },
    /no file before it/,
  ],
];

for (const [what, member, complaint] of HOSTILE) {
  test(`${what} is refused, and named`, async () => {
    assert.match(await faultOf(await makeDeb({ data: [member] })), complaint);
  });
}

test("a file under the package's own symlink is refused", async () => {
  const deb = await makeDeb({ data: [linkAt("./etc/x", "/"), fileAt("./etc/x/passwd")] });
  assert.match(await faultOf(deb), /under "etc\/x", no directory/);
});

test("one path twice is refused, also by two names of one directory", async () => {
  assert.match(await faultOf(await makeDeb({ data: [fileAt("./bin/x"), fileAt("./usr/bin/x")] })), /twice/);
});

test("a package of the years of lzma is read", async () => {
  const data = await tar([fileAt("./usr/x")]);
  const compressed = execFileSync("xz", ["--format=lzma", "--stdout"], { input: data });
  const { members } = await layout(fileOf(await makeDeb({ dataName: "data.tar.lzma", dataTar: compressed })));
  assert.deepEqual(
    members.map((member) => member.path),
    ["usr/x"],
  );
});

test("what is no .deb is refused, each with its own sentence", async () => {
  const good = await makeDeb({ data: [fileAt("./x")] });
  assert.match(await faultOf(Buffer.from("nothing of the kind")), /does not begin as an ar archive/);
  assert.match(await faultOf(good.subarray(0, 30)), /inside a member's header/);
  assert.match(
    await faultOf(good.subarray(0, good.length - 600)),
    /cut short, inside its member "data\.tar"/,
  );
  assert.match(await faultOf(await makeDeb({ format: "3.0\n" })), /format "3\.0"/);
  assert.match(await faultOf(await makeDeb({ dataName: "data.tar.lz" })), /compression that is not read/);
  assert.match(
    await faultOf(await makeDeb({ dataName: "other.tar" })),
    /"other\.tar" where data\.tar belongs/,
  );
  assert.match(await faultOf(makeAr([["debian-binary", Buffer.from("2.0\n")]])), /no member control\.tar/);
  assert.match(
    await faultOf(await makeDeb({ dataName: "data.tar.gz", dataTar: Buffer.from([0x1f, 0x8b, 8, 0]) })),
    /cannot be read/,
  );
  assert.match(await faultOf(await makeDeb({ control: [linkAt("./postinst", "/bin/sh")] })), /no plain file/);
  const noControl = makeAr([
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar", await tar([fileAt("./md5sums")])],
    ["data.tar", await tar([])],
  ]);
  assert.match(await faultOf(noControl), /no file named control/);
});

test("data that is cut short or damaged within a file is refused by the package's name", async () => {
  const content = randomBytes(300_000);
  const data = gzipSync(await tar([{ path: "./large", type: "file", bytes: content }]));
  const middle = Math.floor(data.length / 2);
  const cut = data.subarray(0, middle);
  assert.match(await faultOf(await makeDeb({ dataName: "data.tar.gz", dataTar: cut })), /cannot be read/);
  data.writeUInt8(data.readUInt8(middle) ^ 1, middle); // what gzip's checksum tells
  assert.match(await faultOf(await makeDeb({ dataName: "data.tar.gz", dataTar: data })), /cannot be read/);
});

test("names in ar may end with a slash, and members of signers may stand between", async () => {
  const deb = makeAr([
    ["debian-binary/", Buffer.from("2.0\n")],
    ["_signature", Buffer.from("odd")],
    ["control.tar/", await tar([{ path: "./control", type: "file", bytes: Buffer.from("Package: x\n") }])],
    ["data.tar/", await tar([fileAt("./x")])],
  ]);
  const { members } = await layout(fileOf(deb));
  assert.deepEqual(
    members.map(({ path }) => path),
    ["x"],
  );
});
