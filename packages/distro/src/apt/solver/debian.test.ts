import assert from "node:assert/strict";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { AptRoot, hasAptGet } from "./apt-get.fixture.ts";
import { hostIndexes, Remembered } from "./mirror.fixture.ts";
import { makeRandom } from "./random.fixture.ts";
import { solvedSet } from "./universe.fixture.ts";
import { type Source, Universe } from "./universe.ts";

/** Drawn from all over the index, the same ones for the same index. */
const SINGLES = 300;
const COMBINATIONS = 100;
/**
 * apt-get takes a second or two for each: so many of them are asked again each time, the others
 * once for an index, with `COOPER_APT_JUDGE=all`; what it said is kept under `.cache/apt-judge`.
 */
const ASKED_EACH_TIME = { singles: 12, combinations: 8 };

test("for packages from all over Debian, alone and together, the set is apt-get's", async (t) => {
  if (!hasAptGet(t)) return;
  const host = await hostIndexes(t);
  if (host === undefined) return;
  const { sources, lists, lines, key } = host;
  const apt = new AptRoot(temporaryDirectory(t), { lists, sources: lines });
  const universe = new Universe(sources, "amd64");
  const remembered = new Remembered(key);
  const isAll = process.env["COOPER_APT_JUDGE"] === "all";
  const requests = drawn(sources).map((packages, at) => {
    const isFirst = at < SINGLES ? at < ASKED_EACH_TIME.singles : at - SINGLES < ASKED_EACH_TIME.combinations;
    const recommends = at % 4 === 3 ? ("followed" as const) : ("ignored" as const);
    return { packages, recommends, text: `${packages.join(" ")} ${recommends}`, isAsked: isAll || isFirst };
  });
  const open = requests.filter(({ text, isAsked }) => isAsked && !remembered.has(text));
  const ask = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- two at a time, one for each processor
      remembered.add(next.text, await apt.ask(next));
    }
  };
  await Promise.all([ask(), ask()]);
  remembered.save();
  const judged = requests.filter(({ text }) => remembered.has(text));
  const wrong = judged.flatMap(({ packages, recommends, text }) => {
    const [ours, theirs] = [solvedSet(universe, packages, { recommends }), remembered.get(text)];
    return String(ours) === String(theirs) ? [] : [{ text, ...differences(ours, theirs) }];
  });
  t.diagnostic(`${judged.length} of ${requests.length} requests were judged`);
  assert.deepEqual(wrong, []);
  assert.ok(judged.length >= ASKED_EACH_TIME.singles + ASKED_EACH_TIME.combinations);
});

function drawn(sources: readonly Source[]): readonly (readonly string[])[] {
  const [{ index }] = sources as readonly [Source];
  const { number: random } = makeRandom(20_260_601);
  const one = (): string => index.nameOfPackage(random(index.packages));
  const singles = Array.from({ length: SINGLES }, () => [one()]);
  const combinations = Array.from({ length: COMBINATIONS }, () => [
    ...new Set(Array.from({ length: 2 + random(3) }, one)),
  ]);
  return [...singles, ...combinations];
}

function differences(
  ours: readonly string[] = [],
  theirs: readonly string[] = [],
): { readonly onlyOurs: readonly string[]; readonly onlyApt: readonly string[] } {
  return {
    onlyOurs: ours.filter((each) => !theirs.includes(each)),
    onlyApt: theirs.filter((each) => !ours.includes(each)),
  };
}
