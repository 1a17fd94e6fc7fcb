import assert from "node:assert/strict";
import { test } from "node:test";
import { IndexFile } from "../index/index-file.ts";
import { solve } from "./solve.ts";
import { NO_RELEASE, paragraphOf, solved, universeOf } from "./universe.fixture.ts";
import { type ReleaseNames, Universe } from "./universe.ts";

test("each package comes after what it needs, and says why it is there", () => {
  const universe = universeOf(
    "app Depends: lib (>= 1), tool | other",
    "lib Pre-Depends: base",
    "tool Depends: lib",
    "base",
    "other",
  );
  const placed = solve(universe, ["app"], { pins: [], recommends: "ignored" });
  assert.deepEqual(
    placed.map(({ version, reason }) => [version.name.text, reason]),
    [
      ["base", "needed by lib (base)"],
      ["lib", "needed by app (lib (>= 1))"],
      ["tool", "needed by app (tool | other)"],
      ["app", "asked for"],
    ],
  );
});

test("packages that need each other have the same order each time", () => {
  const lines = ["a Depends: b", "b Depends: c", "c Depends: a", "d Depends: c"];
  const orders = [lines, lines.toReversed()].map((each) => solved(universeOf(...each), ["d"]));
  assert.deepEqual(orders[0], orders[1]);
  assert.equal(orders[0]?.at(-1), "d=1");
});

test("the first alternative that can be had is taken", () => {
  const universe = universeOf("app Depends: gone | broken | fine", "broken Depends: nothing", "fine");
  assert.deepEqual(solved(universe, ["app"]), ["fine=1", "app=1"]);
});

test("a package of the name is taken before one that provides it", () => {
  const universe = universeOf("app Depends: mail", "exim Provides: mail; Priority: required", "mail");
  assert.deepEqual(solved(universe, ["app"]), ["mail=1", "app=1"]);
});

test("among providers the higher priority counts, and then the one that is mentioned last", () => {
  const same = ["app Depends: mail", "exim Provides: mail", "postfix Provides: mail"];
  assert.deepEqual(solved(universeOf(...same), ["app"]), ["postfix=1", "app=1"]);
  const better = universeOf(
    "app Depends: mail",
    "exim Provides: mail; Priority: standard",
    "postfix Provides: mail; Priority: optional",
  );
  assert.deepEqual(solved(better, ["app"]), ["exim=1", "app=1"]);
});

test("a version is provided only where the provider names one", () => {
  const universe = universeOf(
    "app Depends: api (>= 2)",
    "a Provides: api",
    "b Provides: api (= 1)",
    "c Provides: api (= 2)",
  );
  assert.deepEqual(solved(universe, ["app"]), ["c=1", "app=1"]);
});

test("what conflicts with a request is got round", () => {
  const universe = universeOf(
    "app Depends: db",
    "one Provides: db; Conflicts: web",
    "two Provides: db",
    "web",
  );
  assert.deepEqual(solved(universe, ["app", "web"]).toSorted(), ["app=1", "two=1", "web=1"]);
  const breaks = universeOf("app Depends: lib | lib2", "lib", "lib2", "web Breaks: lib (<< 2)");
  assert.deepEqual(solved(breaks, ["app", "web"]).toSorted(), ["app=1", "lib2=1", "web=1"]);
});

test("a package may stand against what it provides itself", () => {
  const universe = universeOf(
    "exim Provides: mail; Conflicts: mail; Replaces: mail",
    "postfix Provides: mail; Conflicts: mail",
  );
  assert.deepEqual(solved(universe, ["exim"]), ["exim=1"]);
  assert.throws(() => solved(universe, ["exim", "postfix"]), {
    code: "UNSOLVABLE",
    message: /exim 1 conflicts with mail, but there is postfix 1/,
  });
});

test("recommendations are followed where that is asked for, and left where they cannot be had", () => {
  const universe = universeOf("app Recommends: more, gone; Suggests: extra", "more", "extra");
  assert.deepEqual(solved(universe, ["app"]), ["app=1"]);
  assert.deepEqual(solved(universe, ["app"], { recommends: "followed" }), ["more=1", "app=1"]);
});

test("a qualifier asks for what may stand in for another architecture", () => {
  const universe = universeOf(
    "app Depends: python:any, tool:amd64, own:native",
    "python Multi-Arch: allowed",
    "tool",
    "own",
  );
  assert.deepEqual(solved(universe, ["app"]).toSorted(), ["app=1", "own=1", "python=1", "tool=1"]);
  assert.throws(() => solved(universeOf("app Depends: python:any", "python"), ["app"]), {
    code: "UNSOLVABLE",
  });
  assert.throws(() => solved(universeOf("app Depends: tool:i386", "tool"), ["app"]), { code: "UNSOLVABLE" });
});

test("packages of other architectures are not there", () => {
  const foreign = paragraphOf("tool").replace("amd64", "i386");
  const universe = new Universe([{ index: IndexFile.parse(foreign), release: NO_RELEASE }], "amd64");
  assert.throws(() => solved(universe, ["tool"]), { code: "UNSOLVABLE" });
});

test("a version can be asked for, and a name that one package provides", () => {
  const universe = universeOf("app 1.0", "app 1.10", "app 1.9", "exim Provides: mail");
  assert.deepEqual(solved(universe, ["app"]), ["app=1.10"]);
  assert.deepEqual(solved(universe, ["app=1.9"]), ["app=1.9"]);
  assert.deepEqual(solved(universe, ["mail"]), ["exim=1"]);
});

const release = (suite: string, notAutomatic: boolean): ReleaseNames => ({
  ...NO_RELEASE,
  suite,
  codename: suite,
  notAutomatic,
});
const several = new Universe(
  [
    {
      index: IndexFile.parse(["app 1", "lib 1", "tool 1"].map(paragraphOf).join("")),
      release: release("stable", false),
    },
    {
      index: IndexFile.parse(["app 2 Depends: lib (>= 2)", "lib 2", "tool 2"].map(paragraphOf).join("")),
      release: release("backports", true),
    },
  ],
  "amd64",
);

test("nothing comes from a release that is not automatic unless it is asked for", () => {
  assert.deepEqual(solved(several, ["app", "tool"]), ["app=1", "tool=1"]);
  assert.deepEqual(solved(several, ["app/backports", "tool"]), ["lib=2", "app=2", "tool=1"]);
  assert.deepEqual(solved(several, ["app", "tool"], { target: "backports" }), ["lib=2", "app=2", "tool=2"]);
});

test("a version of a release that is asked for does not bring what it needs with it by itself", () => {
  assert.throws(() => solved(several, ["app=2"]), {
    code: "UNSOLVABLE",
    message: /app 2 needs lib \(>= 2\)/,
  });
});

test("pins decide: of a package, of a release, of a source package, and never", () => {
  const pin = { packages: ["app", "lib"], kind: "release", pattern: "n=backports", priority: 600 } as const;
  assert.deepEqual(solved(several, ["app", "tool"], { pins: [pin] }), ["lib=2", "app=2", "tool=1"]);
  const general = { packages: ["*"], kind: "release", pattern: "a=back*", priority: 700 } as const;
  assert.deepEqual(solved(several, ["tool"], { pins: [general] }), ["tool=2"]);
  const source = { packages: ["src:t?ol"], kind: "version", pattern: "2*", priority: 990 } as const;
  assert.deepEqual(solved(several, ["tool"], { pins: [source] }), ["tool=2"]);
  const never = { packages: ["*"], kind: "release", pattern: "stable", priority: "never" } as const;
  assert.deepEqual(solved(several, ["tool"], { pins: [never] }), ["tool=2"]);
  const minus = { packages: ["/^too/"], kind: "release", pattern: "*", priority: -1 } as const;
  assert.throws(() => solved(several, ["tool"], { pins: [minus] }), {
    code: "UNSOLVABLE",
    message: /preferences forbid/,
  });
});

test("versions of a lock are kept where they are still there", () => {
  const universe = universeOf("app 1 Depends: lib", "app 2 Depends: lib", "lib 1", "lib 2");
  const keep = new Map([
    ["lib", "1"],
    ["app", "0.9"],
  ]);
  assert.deepEqual(solved(universe, ["app"], { keep }), ["lib=1", "app=2"]);
});

test("an unknown name is met with its neighbours", () => {
  const universe = universeOf("curl", "curlftpfs", "postgresql", "jq");
  const isUnknown = (text: string, message: RegExp): void =>
    assert.throws(() => solved(universe, [text]), { code: "UNSOLVABLE", message });
  isUnknown("crul", /no package crul; there is curl$/);
  isUnknown("postgres", /there is postgresql/);
  isUnknown("nothing-like-it", /no package nothing-like-it$/);
  isUnknown("curl=2", /no curl=2; there is curl 1/);
});

test("why there is no solution is said, the shortest cause first", () => {
  const universe = universeOf(
    "app Depends: middle",
    "middle Depends: lib (>= 3), gone",
    "lib 2",
    "two Depends: a, b",
    "a Conflicts: c",
    "b Depends: c",
    "c",
    "mail1 Provides: mail",
    "mail2 Provides: mail",
  );
  const causes = (...requests: readonly string[]): readonly string[] => {
    try {
      solved(universe, requests);
    } catch (error) {
      if (error instanceof Error && "fields" in error) {
        return String((error.fields as Record<string, unknown>)["causes"]).split("\n");
      }
    }
    return [];
  };
  const first = causes("app");
  assert.ok(first.includes("middle 1 needs gone, which no package is or provides"), first.join("\n"));
  assert.ok(first.includes("middle 1 needs lib (>= 3), of which there is only lib 2"), first.join("\n"));
  assert.deepEqual(
    first,
    first.toSorted((x, y) => x.length - y.length),
  );
  assert.match(causes("two").join("\n"), /needs c, but a 1 does not go with c 1/);
  assert.match(causes("mail").join("\n"), /mail is provided by mail1, mail2/);
});

test("a chain of dependencies too deep to follow ends in an error, not in a crash", () => {
  const lines = Array.from({ length: 6000 }, (_, at) => `p${at} Depends: p${at + 1}`);
  assert.throws(() => solved(universeOf(...lines, "p6000"), ["p0"]), { code: "UNSOLVABLE" });
});
