import { spawnSync } from "node:child_process";
import { timed } from "../race.ts";
import type { Outcome, Score } from "../race.ts";
import type { Setting } from "../setting.ts";

const STARTS = 40;

/**
 * `cooper --version` against Node with nothing to do: how much longer starting takes. The middle
 * of many starts in turn, since each is short.
 */
export function measureStartUp({ cooper, scratch }: Setting): Outcome {
  const commands: Readonly<Record<string, readonly string[]>> = {
    "cooper --version": [cooper(), "--version"],
    "node -e 0": [process.execPath, "-e", "0"],
  };
  const seconds = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
  for (let start = 0; start < STARTS; start++) {
    for (const [name, [program = "", ...args]] of Object.entries(commands)) {
      const started = performance.now();
      const { status } = spawnSync(program, args, { stdio: "ignore" });
      if (status !== 0) throw new Error(`${name} ended with ${status}`);
      seconds.get(name)?.push((performance.now() - started) / 1000);
    }
  }
  const scores = Object.entries(commands).map(([name, command]): Score => {
    const { cpuSeconds, peakMiB } = timed(command, scratch);
    const runs = (seconds.get(name) ?? []).map((each) => ({ seconds: each, cpuSeconds, peakMiB }));
    const best = runs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(STARTS / 2)];
    if (best === undefined) throw new Error(`${name} has no run`);
    return { name, best, runs };
  });
  const [ours, theirs] = scores.map(({ best }) => best.seconds);
  // A target of "at most so many times as long", as the others are "at least so many times as fast".
  const ratio = (theirs ?? 0) / (ours ?? 1);
  return {
    name: "start-up",
    bytes: 0,
    scores,
    ratios: [{ over: "node -e 0", ratio, target: 1 / 1.8 }],
    sizes: [],
    absent: [],
  };
}
