import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DistroError } from "../../errors.ts";
import { apkData, readAlpineIndex } from "../alpine.fixture.ts";
import { isFulfilled } from "../dependency.ts";
import { parsePackages } from "../index/index-package.ts";
import { solve } from "./solve.ts";
import { makeUniverse, type Repository, type Universe } from "./universe.ts";

interface Solution {
  readonly want: readonly string[];
  readonly install: readonly string[];
}

/** A line a package: its name and version, then fields such as `D:b>1` with `,` between what they list. */
function repository(lines: readonly string[], tag?: string): Repository {
  const records = lines.map((line) => {
    const [id = "", ...fields] = line.split(" ");
    const [name = "", version = "1"] = id.split("=");
    const rest = fields.map((field) => `${field.replaceAll(",", " ")}\n`).join("");
    return `C:Q1${name}${version}=\nP:${name}\nV:${version}\nI:1\n${rest}`;
  });
  return { packages: parsePackages(records.join("\n")), tag };
}

function universe(...lines: readonly string[]): Universe {
  return makeUniverse([repository(lines)]);
}

function install(from: Universe, ...requests: readonly string[]): string {
  return solve(from, requests)
    .map(({ package: { name, version } }) => (version === "1" ? name : `${name}=${version}`))
    .join(" ");
}

function refusal(from: Universe, ...requests: readonly string[]): string {
  try {
    return `solved: ${install(from, ...requests)}`;
  } catch (error) {
    assert.ok(error instanceof DistroError && error.code === "UNSOLVABLE", String(error));
    return error.message.replace("no set of packages fulfils this: ", "");
  }
}

test("500 requests on Alpine's index are solved as apk-tools 2.12.9 did, in its order", async (t) => {
  const directory = apkData(t, "alpine-3.16-main-x86_64");
  if (directory === undefined) return;
  const { packages } = await readAlpineIndex(directory);
  const alpine = makeUniverse([{ packages }]);
  const lines = readFileSync(join(directory, "solutions.jsonl"), "utf8").trim().split("\n");
  assert.equal(lines.length, 500);
  for (const line of lines) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape that its README gives
    const { want, install: expected } = JSON.parse(line) as Solution;
    const found = solve(alpine, want).map(({ package: { name, version } }) => `${name}=${version}`);
    assert.deepEqual(found, expected, want.join(" "));
  }
});

/**
 * Requests with versions, conflicts and provided names on the same index, and what a second program
 * chose that was written from apk-tools' source to judge this one: the SHA-256 of its lines, in short.
 */
test("random requests come to what a second solver chose, in its order, or to no solution", async (t) => {
  const directory = apkData(t, "alpine-3.16-main-x86_64");
  if (directory === undefined) return;
  const { packages } = await readAlpineIndex(directory);
  const alpine = makeUniverse([{ packages }]);
  const lines = readFileSync(join(import.meta.dirname, "requests.fixture.jsonl"), "utf8")
    .trim()
    .split("\n");
  for (const line of lines) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was written
    const { want, sha256 } = JSON.parse(line) as Judged;
    assert.equal(digestOfSolution(alpine, want), sha256, want.join(" "));
  }
});

interface Judged {
  readonly want: readonly string[];
  readonly sha256: string | null;
}

function digestOfSolution(from: Universe, want: readonly string[]): string | null {
  try {
    const found = solve(from, want).map(({ package: { name, version } }) => `${name}=${version}`);
    return createHash("sha256").update(found.join("\n")).digest("hex").slice(0, 16);
  } catch (error) {
    assert.ok(error instanceof DistroError, String(error));
    return null;
  }
}

test("whatever is chosen fulfils every need, meets no conflict and has each name once", async (t) => {
  const directory = apkData(t, "alpine-3.16-main-x86_64");
  if (directory === undefined) return;
  const { packages } = await readAlpineIndex(directory);
  const alpine = makeUniverse([{ packages }]);
  const names = packages.map(({ name }) => name);
  for (let start = 0; start < names.length; start += 41) {
    const want = [0, 7, 19].map((step) => names[(start * 3 + step * 101) % names.length] ?? "");
    const chosen = digestOfSolution(alpine, want) === null ? [] : solve(alpine, want);
    const providers = new Map<
      string,
      { readonly version: string | undefined; readonly checksum: string }[]
    >();
    const provide = (name: string, version: string | undefined, checksum: string): void => {
      providers.set(name, [...(providers.get(name) ?? []), { version, checksum }]);
    };
    for (const { package: one } of chosen) {
      provide(one.name, one.version, one.checksum);
      for (const { name, version } of one.provides) provide(name, version, one.checksum);
    }
    for (const [name, found] of providers) {
      const versioned = found.filter(({ version }) => version !== undefined);
      assert.ok(
        new Set(versioned.map(({ checksum }) => checksum)).size <= 1,
        `${want.join(" ")}: ${name} twice`,
      );
    }
    for (const { package: one } of chosen) {
      for (const need of one.depends) {
        const found = providers.get(need.name) ?? [undefined];
        const fulfilled = need.isConflict
          ? found.every((provider) => isFulfilled(need, provider))
          : found.some((provider) => isFulfilled(need, provider));
        assert.ok(fulfilled, `${want.join(" ")}: ${one.name} needs ${need.name}`);
      }
    }
  }
});

test("every package of Alpine's index is solved or refused with a reason, and the same way twice", async (t) => {
  const directory = apkData(t, "alpine-3.16-main-x86_64");
  if (directory === undefined) return;
  const { packages } = await readAlpineIndex(directory);
  const alpine = makeUniverse([{ packages }]);
  for (const { name } of packages.filter((_, at) => at % 25 === 0)) {
    const first = refusal(alpine, name);
    assert.notEqual(first, "");
    assert.equal(refusal(alpine, name), first);
  }
});

test("what a package needs comes before it, and requests are taken by name", () => {
  const from = universe("a D:b,so:c", "b D:d", "c p:so:c=1", "d", "e");
  assert.equal(install(from, "e", "a"), "d b c a e");
  assert.deepEqual(
    solve(from, ["a"]).map(({ reason }) => reason),
    [
      { kind: "needed", by: "b" },
      { kind: "needed", by: "a" },
      { kind: "needed", by: "a" },
      { kind: "asked" },
    ],
  );
});

test("dependencies in a circle are solved", () => {
  assert.equal(install(universe("a D:b", "b D:a"), "a"), "b a");
});

test("the newest version that all constraints leave is taken", () => {
  const from = universe("a=1.0", "a=1.1", "a=1.2", "b D:a<1.2", "c D:a~1.0");
  assert.equal(install(from, "a"), "a=1.2");
  assert.equal(install(from, "a", "b"), "a=1.1 b");
  assert.equal(install(from, "a", "b", "c"), "a=1.0 b c");
  assert.equal(install(from, "a=1.1"), "a=1.1");
  assert.equal(install(from, "a><Q1a1.0="), "a=1.0");
});

test("what there was before is kept where nothing forbids it", () => {
  const from = universe("a=1.0", "a=1.1", "b D:a>1.0", "c D:a");
  const keep = new Map([
    ["a", "1.0"],
    ["c", "0.9"],
  ]);
  const chosen = (...requests: readonly string[]): string =>
    solve(from, requests, { keep })
      .map(({ package: { name, version } }) => `${name}-${version}`)
      .join(" ");
  assert.equal(chosen("c"), "a-1.0 c-1");
  assert.equal(chosen("c", "b"), "a-1.1 b-1 c-1");
});

test("install_if brings a package once all its conditions are there", () => {
  const from = universe("a", "b", "a-b i:a=1,b", "docs", "a-doc i:docs,a");
  assert.equal(install(from, "a"), "a");
  assert.equal(install(from, "a", "b"), "a b a-b");
  assert.equal(install(from, "a", "docs"), "a docs a-doc");
  const [, , last] = solve(from, ["a", "b"]);
  assert.deepEqual(last?.reason, { kind: "install-if", because: ["a", "b"] });
  assert.equal(install(from, "a", "b", "!a-b"), "a b");
});

test("among providers the highest version under the name wins, then the highest priority", () => {
  const versioned = universe("a D:cmd:x", "b p:cmd:x=1", "c p:cmd:x=2");
  assert.equal(install(versioned, "a"), "c a");
  const ranked = universe("a D:x", "b p:x k:10", "c p:x k:20", "d p:x k:15");
  assert.equal(install(ranked, "a"), "c a");
  assert.equal(install(ranked, "a", "b"), "b a");
});

test("a name provided without a version is nobody's choice but the user's", () => {
  const from = universe("a D:x", "b p:x", "c p:x");
  assert.equal(refusal(from, "a"), "a-1 needs x, which b-1, c-1 provide: name the one that is meant");
  assert.equal(install(from, "a", "c"), "c a");
  assert.equal(install(universe("a D:x", "b p:x"), "a"), "b a");
  assert.equal(install(from, "b", "c"), "b c");
});

test("two packages cannot have the same name with a version", () => {
  const from = universe("a p:x=1", "b p:x=2");
  assert.match(refusal(from, "a", "b"), /a-1 and b-1 both provide x|b-1 and a-1 both provide x/);
});

test("a conflict is respected, and leads to another way where there is one", () => {
  const from = universe("a D:!b", "b", "c D:x", "b2 p:x=2 D:b", "d p:x=1");
  assert.match(refusal(from, "a", "b"), /a-1 must not meet b, but there is b-1/);
  assert.equal(install(from, "c"), "b b2 c");
  assert.equal(install(from, "a", "c"), "a d c");
});

test("packages of a tagged repository come only where the tag is asked for", () => {
  const from = makeUniverse([repository(["a=1", "b=1"]), repository(["a=2 D:b>1", "b=2", "c=2"], "edge")]);
  assert.equal(install(from, "a"), "a");
  assert.equal(install(from, "a@edge"), "b=2 a=2");
  assert.equal(install(from, "a", "c@edge"), "a c=2");
  assert.equal(refusal(from, "c"), "c-2 comes only from a repository whose @tag was not asked for");
  assert.equal(refusal(from, "a@none"), "no repository has the tag @none");
});

test("of the same version in two repositories, the first one's is taken", () => {
  const other = parsePackages("C:Q1other=\nP:a\nV:1\n\n");
  const from = makeUniverse([repository(["a"]), { packages: other }]);
  assert.equal(solve(from, ["a"])[0]?.package.checksum, "Q1a1=");
});

test("what stands in the way is said, the shortest cause first", () => {
  const from = universe("a=1.5 D:b>2", "b=2", "c D:none");
  assert.equal(refusal(from, "zz"), "the request needs zz, which no package is or provides");
  assert.equal(
    refusal(from, "a>2"),
    "a-1.5 needs b>2, of which there is only b-2; the request needs a>2, of which there is only a-1.5",
  );
  assert.equal(refusal(from, "a"), "a-1.5 needs b>2, of which there is only b-2");
  assert.equal(refusal(from, "c"), "c-1 needs none, which no package is or provides");
});

test("a package whose needs cannot be read is never chosen", () => {
  const from = universe("a D:b>x_y", "b");
  assert.equal(refusal(from, "a"), 'a-1 needs "b>x_y", which cannot be read');
});

test("dependencies too deep to follow are refused, not a crash", () => {
  const deep = Array.from({ length: 50_000 }, (_, at) => `p${at} D:p${at + 1}`);
  assert.match(refusal(universe(...deep), "p0"), /deeper than can be followed/);
});

test("a request that is no dependency is refused", () => {
  assert.throws(() => solve(universe("a"), ["a b>"]), { code: "DEPENDENCY_INVALID" });
});
