import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { IndexFile } from "../index/index-file.ts";
import { type AptAnswer, AptRoot, hasAptGet } from "./apt-get.fixture.ts";
import { parsePreferences } from "../sources/preferences.ts";
import { randomSuites } from "./random-suites.fixture.ts";
import { randomIndex } from "./random.fixture.ts";
import { NO_RELEASE, solvedSet } from "./universe.fixture.ts";
import { Universe } from "./universe.ts";

const INDEXES = 12;
const LIST = "_repository_._Packages";

test("on indexes full of conflicts, made at random, the set is apt-get's, or neither has one", async (t) => {
  if (!hasAptGet(t)) return;
  const directory = temporaryDirectory(t);
  let agreed = 0;
  let solutions = 0;
  for (let seed = 1; seed <= INDEXES; seed++) {
    const { text, requests } = randomIndex(seed);
    const apt = new AptRoot(join(directory, String(seed)), {
      lists: { [LIST]: text },
      sources: ["deb [trusted=yes] file:/repository ./"],
    });
    const universe = new Universe([{ index: IndexFile.parse(text), release: NO_RELEASE }], "amd64");
    for (const [at, packages] of requests.entries()) {
      const recommends = at % 2 === 0 ? "ignored" : "followed";
      let theirs: AptAnswer;
      try {
        // oxlint-disable-next-line no-await-in-loop -- hundreds of processes at once would be slower
        theirs = await apt.ask({ packages, recommends });
      } catch {
        continue; // it chose, but dpkg could not do it in any order that apt finds
      }
      assert.deepEqual(
        solvedSet(universe, packages, { recommends }),
        theirs,
        `index ${seed}: ${packages.join(" ")}, recommends ${recommends}`,
      );
      agreed++;
      if (theirs !== undefined) solutions++;
    }
  }
  t.diagnostic(`${agreed} requests, ${solutions} of which have a solution`);
  assert.ok(solutions > 20);
});

test("with several suites, preferences and targets, too", async (t) => {
  if (!hasAptGet(t)) return;
  const directory = temporaryDirectory(t);
  let solutions = 0;
  for (let seed = 1; seed <= INDEXES; seed++) {
    const { universe, preferences, lists, lines, requests } = randomSuites(seed);
    const apt = new AptRoot(join(directory, String(seed)), { lists, sources: lines, preferences });
    const pins = parsePreferences(preferences, "preferences");
    for (const [at, { packages, target }] of requests.entries()) {
      const recommends = at % 2 === 0 ? "ignored" : "followed";
      // oxlint-disable-next-line no-await-in-loop
      const theirs = await apt.ask({ packages, recommends, target });
      assert.deepEqual(
        solvedSet(universe, packages, { recommends, target, pins }),
        theirs,
        `suites ${seed}: ${packages.join(" ")}, target ${target}, recommends ${recommends}`,
      );
      if (theirs !== undefined) solutions++;
    }
  }
  assert.ok(solutions > 20);
});
