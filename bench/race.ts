import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** One program that does the work of a race. */
export interface Contestant {
  readonly name: string;
  /** Programs that must be installed; without them it does not start. */
  readonly needs?: readonly string[];
  /** Before each run, not timed. Gives the command. */
  readonly prepare: () => readonly string[] | Promise<readonly string[]>;
  /** After each run, not timed. Gives the size of what it made, where that is of interest: bytes. */
  readonly finish?: () => number | undefined | Promise<number | undefined>;
}

/** Contestants that do the same work; Cooper is the first. */
export interface Race {
  readonly name: string;
  /** What each of them works through: bytes. */
  readonly bytes: number;
  readonly contestants: readonly Contestant[];
  /** How many times as fast as a rival Cooper is to be. */
  readonly targets: Readonly<Record<string, number>>;
  /** Which part of a rival's output Cooper's may be at most. */
  readonly sizeTargets?: Readonly<Record<string, number>> | undefined;
  /** Seconds that Cooper may take. */
  readonly limit?: number | undefined;
}

/** A ratio of two contestants, and what it is to be. */
export interface Ratio {
  readonly over: string;
  readonly ratio: number;
  readonly target: number;
}

export interface Run {
  /** From start to end by the wall. */
  readonly seconds: number;
  /** What its processes spent on all cores, in user and system mode. */
  readonly cpuSeconds: number;
  /** Highest resident memory of its largest process: MiB; 0 where GNU time is missing. */
  readonly peakMiB: number;
  readonly output?: number | undefined;
}

export interface Score {
  readonly name: string;
  /** The fastest run. */
  readonly best: Run;
  readonly runs: readonly Run[];
}

export interface Outcome {
  readonly name: string;
  readonly bytes: number;
  readonly scores: readonly Score[];
  /** A rival's time divided by Cooper's. */
  readonly ratios: readonly Ratio[];
  /** Cooper's output divided by a rival's. */
  readonly sizes: readonly Ratio[];
  readonly limit?: number | undefined;
  /** Who did not start, and why. */
  readonly absent: readonly string[];
}

export const ROUNDS = 3;

/**
 * Runs the contestants in turn, `ROUNDS` times, so that what else the machine does hits them all;
 * the best run of each counts. What was written before is on the disk when the next one starts.
 */
export async function hold(race: Race, scratch: string): Promise<Outcome> {
  const { absent, present } = sortOut(race.contestants);
  const runs = new Map<string, Run[]>(present.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contestant of present) {
      // oxlint-disable-next-line no-await-in-loop
      const command = await contestant.prepare();
      spawnSync("sync");
      const run = timed(command, scratch);
      // oxlint-disable-next-line no-await-in-loop
      const output = await contestant.finish?.();
      runs.get(contestant.name)?.push({ ...run, output });
      console.error(`${race.name}, ${contestant.name}: ${run.seconds.toFixed(2)} s`);
    }
  }
  const scores = [...runs].map(([name, all]): Score => {
    const [best] = all.toSorted((a, b) => a.seconds - b.seconds);
    if (best === undefined) throw new Error(`${name} has no run`);
    return { name, best, runs: all };
  });
  const ratiosOf = (
    targets: Readonly<Record<string, number>>,
    divide: (ours: Run, theirs: Run) => number,
  ): readonly Ratio[] =>
    Object.entries(targets).flatMap(([over, target]) => {
      const [ours] = scores;
      const theirs = scores.find(({ name }) => name === over);
      if (ours === undefined || theirs === undefined) return [];
      return [{ over, target, ratio: divide(ours.best, theirs.best) }];
    });
  const { name, bytes, limit, targets, sizeTargets = {} } = race;
  const ratios = ratiosOf(targets, (ours, theirs) => theirs.seconds / ours.seconds);
  const sizes = ratiosOf(sizeTargets, (ours, theirs) => (ours.output ?? NaN) / (theirs.output ?? NaN));
  return { name, bytes, scores, ratios, sizes, absent, limit };
}

function sortOut(contestants: readonly Contestant[]): {
  readonly absent: readonly string[];
  readonly present: readonly Contestant[];
} {
  const missing = ({ needs = [] }: Contestant): readonly string[] =>
    needs.filter((name) => !isInstalled(name));
  return {
    absent: contestants
      .filter((contestant) => missing(contestant).length > 0)
      .map((contestant) => `${contestant.name}: ${missing(contestant).join(", ")} is not installed`),
    present: contestants.filter((contestant) => missing(contestant).length === 0),
  };
}

export function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}

const GNU_TIME = "/usr/bin/time";

/** Runs a command to its end and says what it took. Throws what it wrote to its standard error if it fails. */
export function timed(command: readonly string[], scratch: string): Run {
  const report = join(scratch, "time.txt");
  const log = join(scratch, "run.log");
  const hasTime = existsSync(GNU_TIME);
  const [program = "", ...args] = hasTime
    ? [GNU_TIME, "--format=%U %S %M", `--output=${report}`, ...command]
    : command;
  const output = openSync(log, "w");
  const started = performance.now();
  const { status, error } = spawnSync(program, args, { stdio: ["ignore", output, output] });
  const seconds = (performance.now() - started) / 1000;
  closeSync(output);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command.join(" ")}\n${readFileSync(log, "utf8").slice(-2000)}`);
  if (!hasTime) return { seconds, cpuSeconds: 0, peakMiB: 0 };
  const [user = 0, system = 0, kib = 0] = readFileSync(report, "utf8").trim().split(" ").map(Number);
  rmSync(report);
  return { seconds, cpuSeconds: user + system, peakMiB: Math.round(kib / 1024) };
}
