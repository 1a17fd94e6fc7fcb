import assert from "node:assert/strict";
import { test } from "node:test";
import { livingSince } from "./push-sessions.ts";
import type { Span } from "./push-sessions.ts";

const LIMITS = { now: 1000, grace: 10, longest: 500 };

test("a push lives as long as there is no rest in it", () => {
  const cases: readonly (readonly [since: number, spans: readonly Span[], why: string])[] = [
    [990, [], "nothing is under way"],
    [990, [{ from: 900, to: 989 }], "it ended, and rested"],
    [890, [{ from: 900, to: 990 }], "it was used just now"],
    [
      690,
      [
        { from: 900, to: 1000 },
        { from: 800, to: 895 },
        { from: 700, to: 791 },
      ],
      "one after the other",
    ],
    [
      890,
      [
        { from: 900, to: 1000 },
        { from: 700, to: 889 },
      ],
      "a rest parts them",
    ],
    [
      690,
      [
        { from: 700, to: 1000 },
        { from: 950, to: 960 },
        { from: 720, to: 730 },
      ],
      "side by side",
    ],
    [500, [{ from: 5, to: 1000 }], "nothing lasts longer than the longest"],
  ];
  for (const [since, spans, why] of cases) assert.equal(livingSince(spans, LIMITS), since, why);
});
