import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, readTar } from "@cooper/archive";
import type { TarInput } from "@cooper/archive";
import { extract, flatten, rootEntries, squash } from "../index.ts";
import type { Image } from "../index.ts";
import { MemoryStore, tarOf } from "../memory.fixture.ts";
import type { Files } from "../memory.fixture.ts";

type Member = Omit<TarInput, "path">;
const directory = (mode = 0o755): Member => ({ type: "directory", mode });
const symlink = (linkPath: string): Member => ({ type: "symlink", linkPath });
const hardlink = (linkPath: string): Member => ({ type: "hardlink", linkPath });
const file = (text: string, mode = 0o644): Member => ({ type: "file", bytes: Buffer.from(text), mode });

/** What is in the merged root: `path` with a slash for a directory, its content, or where it links to. */
async function rootOf(image: Image): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const member of readTar(extract(image))) {
    const { path, type, linkPath, mode } = member;
    if (type === "directory") lines.push(`${path}/${mode === 0o755 ? "" : ` ${mode.toString(8)}`}`);
    else if (type === "file")
      lines.push(`${path}=${(await collect(member.content(), { limit: 1e6 })).toString()}`);
    else lines.push(`${path}->${type === "hardlink" ? "=" : ""}${linkPath}`);
  }
  return lines;
}

const CASES: readonly (readonly [name: string, layers: readonly Files[], root: readonly string[]])[] = [
  ["nothing in nothing", [], []],
  ["the upper file wins", [{ a: "1", b: "2" }, { a: "3" }], ["b=2", "a=3"]],
  ["of two of one name in a layer the last wins", [{ a: "1" }, { b: "x", "./b": "y" }], ["a=1", "b=y"]],
  ["a whiteout hides a file", [{ a: "1", b: "2" }, { ".wh.a": "" }], ["b=2"]],
  ["a whiteout hides a tree", [{ "d/x/y": "1", "d/z": "2", e: "3" }, { ".wh.d": "" }], ["e=3"]],
  ["a whiteout of nothing does nothing", [{ a: "1" }, { ".wh.b": "", "c/.wh.d": "" }], ["a=1"]],
  ["a whiteout hides nothing of its own layer", [{ a: "1" }, { a: "2", ".wh.a": "" }], ["a=2"]],
  ["a whiteout before the file of its own layer", [{ a: "1" }, { ".wh.a": "", a: "2" }], ["a=2"]],
  ["what was hidden may come back", [{ a: "1" }, { ".wh.a": "" }, { a: "3" }], ["a=3"]],
  [
    "an opaque directory hides what was below",
    [
      { "d/": "", "d/a": "1" },
      { "d/": "", "d/.wh..wh..opq": "", "d/b": "2" },
    ],
    ["d/", "d/b=2"],
  ],
  [
    "an opaque marker after its siblings",
    [
      { "d/a": "1", "d/b": "1" },
      { "d/b": "2", "d/.wh..wh..opq": "" },
    ],
    ["d/", "d/b=2"],
  ],
  [
    "an opaque directory hides descendants, but not its own",
    [
      { "d/e/f/a": "1", "d/e/b": "1" },
      { "d/.wh..wh..opq": "", "d/e/f/c": "2" },
    ],
    ["d/", "d/e/", "d/e/f/", "d/e/f/c=2"],
  ],
  [
    "an opaque root",
    [
      { a: "1", "d/b": "1" },
      { ".wh..wh..opq": "", c: "2" },
    ],
    ["c=2"],
  ],
  [
    "a directory hidden and made again has nothing of the old one",
    [
      { d: directory(0o700), "d/a": "1" },
      { ".wh.d": "", d: directory(0o711), "d/b": "2" },
    ],
    ["d/ 711", "d/b=2"],
  ],
  [
    "a directory hidden by a layer that still puts a file in it has no metadata of the old one",
    [
      { d: directory(0o700), "d/a": "1" },
      { ".wh.d": "", "d/b": "2" },
    ],
    ["d/", "d/b=2"],
  ],
  [
    "a directory's metadata is the upper one's, its content of both",
    [
      { d: directory(0o700), "d/a": "1" },
      { d: directory(0o711), "d/b": "2" },
    ],
    ["d/ 711", "d/a=1", "d/b=2"],
  ],
  [
    "a directory comes before what lies in it, though its tar has it after",
    [{ "d/a": "1", d: directory(0o700) }],
    ["d/ 700", "d/a=1"],
  ],
  ["a directory that no tar has is made", [{ "x/y/z": "1" }], ["x/", "x/y/", "x/y/z=1"]],
  ["a directory gives way to a file", [{ "d/a": "1" }, { d: "2" }], ["d=2"]],
  ["a file gives way to a directory", [{ d: "1" }, { "d/": "", "d/a": "2" }], ["d/", "d/a=2"]],
  ["a file gives way to a directory that is only implied", [{ d: "1" }, { "d/a": "2" }], ["d/", "d/a=2"]],
  ["a directory gives way to a symlink", [{ "d/a": "1", e: "2" }, { d: symlink("e") }], ["e=2", "d->e"]],
  [
    "a symlink gives way to a directory",
    [
      { real: directory(), d: symlink("real") },
      { "d/": "", "d/a": "1" },
    ],
    ["real/", "d/", "d/a=1"],
  ],
  [
    "a directory, a file and a directory again",
    [{ "d/a": "1" }, { d: "2" }, { "d/b": "3" }],
    ["d/", "d/b=3"],
  ],
  [
    "a file goes where a symlink to a directory leads",
    [{ "usr/lib/": "", lib: symlink("usr/lib") }, { "lib/a": "1" }],
    ["usr/", "usr/lib/", "lib->usr/lib", "usr/lib/a=1"],
  ],
  [
    "an absolute symlink leads from the image's root",
    [{ "x/": "", "d/l": symlink("/x") }, { "d/l/a": "1" }],
    ["x/", "d/", "d/l->/x", "x/a=1"],
  ],
  [
    "a symlink cannot lead out of the root",
    [{ l: symlink("../../../etc") }, { "l/passwd": "1" }],
    ["l->../../../etc", "etc/", "etc/passwd=1"],
  ],
  ["neither can a path", [{ "../../a": "1", "/b": "2", "c/../../d": "3" }], ["a=1", "b=2", "d=3"]],
  [
    "a whiteout goes where a symlink leads",
    [{ "usr/a": "1", l: symlink("usr") }, { "l/.wh.a": "" }],
    ["usr/", "l->usr"],
  ],
  ["a link into a lower layer shares its file", [{ a: "1" }, { b: hardlink("a") }], ["a=1", "b->=a"]],
  ["a link keeps the file that is then hidden", [{ a: "1" }, { b: hardlink("a") }, { ".wh.a": "" }], ["b=1"]],
  [
    "a link keeps the file that is hidden by the same layer",
    [{ a: "1" }, { ".wh.a": "", b: hardlink("a") }],
    ["b=1"],
  ],
  [
    "a link keeps the file that is then replaced",
    [{ a: "1" }, { b: hardlink("a") }, { a: "2" }],
    ["b=1", "a=2"],
  ],
  [
    "a link to a link, and to itself",
    [{ a: "1", b: hardlink("a"), c: hardlink("./b") }, { a: hardlink("a") }],
    ["a=1", "b->=a", "c->=a"],
  ],
  [
    "a link to a symlink is a symlink",
    [{ l: symlink("nowhere"), m: hardlink("l") }],
    ["l->nowhere", "m->=l"],
  ],
  ["a link takes the place of a tree", [{ a: "1", "d/x": "2" }, { d: hardlink("a") }], ["a=1", "d->=a"]],
  [
    "the root's own metadata",
    [{ "./": "", a: "1" }, { ".": directory(0o700) }],
    ["a=1", "./ 700"].toReversed(),
  ],
  ["what AUFS left behind", [{ ".wh..wh.plnk": directory(), ".wh..wh.aufs": "", a: "1" }], ["a=1"]],
];

for (const [name, layers, expected] of CASES) {
  test(`merged: ${name}`, async () => {
    const store = new MemoryStore();
    const image = await store.image({ layers });
    const root = await rootOf(image);
    assert.deepEqual(root.toSorted(), expected.toSorted());
    for (const [i, line] of root.entries()) {
      const parent = /^(.*)\//.exec(line.replace(/\/?( \d+|=.*|->.*)?$/, ""))?.[1];
      if (parent !== undefined)
        assert.ok(
          root.slice(0, i).some((before) => before.startsWith(`${parent}/`)),
          line,
        );
    }
    assert.deepEqual(
      await rootOf(await store.rewrite(flatten(image))),
      root.map((line) => line),
    );
  });

  test(`squashed anywhere, the root is the same: ${name}`, async () => {
    const store = new MemoryStore();
    const image = await store.image({ layers });
    const root = (await rootOf(image)).toSorted();
    for (let from = 0; from < layers.length; from++) {
      for (let to = from + 1; to <= layers.length; to++) {
        const squashed = await store.rewrite(squash(image, { from, to, compression: "none" }));
        assert.deepEqual((await rootOf(squashed)).toSorted(), root, `layers ${from} to ${to}`);
      }
    }
  });
}

for (const [name, layers] of [
  ["a bare whiteout", [{ ".wh.": "" }]],
  ["a whiteout of the directory itself", [{ "d/.wh..": "" }]],
  ["a link to nothing", [{ b: hardlink("a") }]],
  ["a link to what comes later", [{ b: hardlink("a"), a: "1" }]],
  ["a link to a directory", [{ "d/": "", b: hardlink("d") }]],
  ["a root that is a file", [{ ".": file("x") }]],
  ["symlinks in a circle", [{ a: symlink("b"), b: symlink("a"), "a/x": "1" }]],
  ["directories too deep", [{ [`${"d/".repeat(3000)}a`]: "1" }]],
] as const) {
  test(`a layer with ${name} is refused`, async () => {
    const image = await new MemoryStore().image({ layers });
    await assert.rejects(rootOf(image), { code: "INVALID_ROOTFS" });
  });
}

test("every kind of entry comes out as it went in", async () => {
  const members: Readonly<Record<string, Member>> = {
    device: { type: "character-device", deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
    block: { type: "block-device", deviceMajor: 8, deviceMinor: 1 },
    pipe: { type: "fifo", uid: 5, gid: 6 },
    suid: {
      type: "file",
      bytes: Buffer.from("x"),
      mode: 0o4755,
      mtime: { seconds: -1, nanoseconds: 5 },
      xattrs: new Map([["security.capability", Buffer.from([1, 0, 255])]]),
    },
  };
  const image = await new MemoryStore().image({ layers: [members, { other: "y" }] });
  const expected = await collect(
    extract(await new MemoryStore().image({ layers: [{ ...members, other: "y" }] })),
    { limit: 1e6 },
  );
  assert.deepEqual(await collect(extract(image), { limit: 1e6 }), expected);
  assert.deepEqual(expected, await tarOf({ ...members, other: "y" }));
});

test("the layers are read twice at most, and not again where no file of them is left", async () => {
  const store = new MemoryStore();
  const image = await store.image({ layers: [{ a: "1" }, { a: "2", l: symlink("a") }, { "d/": "" }] });
  await rootOf(image);
  const [first, second, third] = (await image.manifest()).layers.map(({ digest }) => digest);
  const times = (digest: string | undefined): number =>
    store.opened.filter((opened) => opened === digest).length;
  assert.deepEqual([times(first), times(second), times(third)], [1, 2, 1]);
});

test("an entry says which layer it is from, and large files stream", async () => {
  const big = Buffer.alloc(5_000_000, "x");
  const image = await new MemoryStore().image({
    layers: [{ a: "1" }, { big: { type: "file", bytes: big } }],
  });
  const seen: unknown[] = [];
  for await (const { path, layer, bytes, content } of rootEntries(image)) {
    let chunks = 0;
    const stream = content();
    if (!(stream instanceof Uint8Array)) for await (const _ of stream) chunks += 1;
    seen.push([path, layer, bytes?.byteLength, chunks > 1]);
  }
  assert.deepEqual(seen, [
    ["a", 0, 1, false],
    ["big", 1, undefined, true],
  ]);
});

test("names that are not UTF-8 and names of objects' own keys are names like others", async () => {
  const layers: readonly Files[] = [
    { "\udcff": "1", "__proto__/constructor": "2" },
    { "__proto__/.wh.constructor": "", toString: "3" },
  ];
  assert.deepEqual(
    (await rootOf(await new MemoryStore().image({ layers }))).toSorted(),
    ["__proto__/", "toString=3", "\udcff=1"].toSorted(),
  );
});
