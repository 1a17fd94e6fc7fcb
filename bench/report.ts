import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import type { Outcome, Ratio } from "./race.ts";

/** A table for people: also what docs/benchmarks.md shows. */
export function formatOutcome({ name, bytes, scores, ratios, sizes, absent, limit }: Outcome): string {
  const ours = scores[0]?.best;
  const rows = scores.map(({ name: who, best }, place) => {
    const target = ratios.find(({ over }) => over === who);
    const size = sizes.find(({ over }) => over === who);
    return [
      who.replaceAll("|", "\\|"),
      best.seconds < 1 ? `${(best.seconds * 1000).toFixed(0)} ms` : `${best.seconds.toFixed(2)} s`,
      bytes === 0 ? "" : `${(bytes / 1e6 / best.seconds).toFixed(0)} MB/s`,
      `${best.cpuSeconds.toFixed(2)} s`,
      `${best.peakMiB} MiB`,
      best.output === undefined
        ? ""
        : `${(best.output / 1e6).toFixed(1)} MB${size === undefined ? "" : partOf(size)}`,
      against(best.seconds, ours?.seconds),
      against(best.cpuSeconds, ours?.cpuSeconds),
      [
        target === undefined ? [] : verdict(target),
        place > 0 || limit === undefined ? [] : within(best.seconds, limit),
      ]
        .flat()
        .join(""),
    ];
  });
  const size = bytes === 0 ? "" : `, ${(bytes / 1e6).toFixed(0)} MB`;
  const head = [
    "",
    "time",
    "speed",
    "CPU",
    "peak memory",
    "layer",
    "time ÷ Cooper's",
    "CPU ÷ Cooper's",
    "target",
  ];
  return [
    `### ${name}${size}`,
    "",
    ...[head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`),
    ...absent.map((line) => `\nSkipped: ${line}`),
    "",
  ].join("\n");
}

/** The CPU's ratio tells more than the time's where the machine has other work too. */
function against(theirs: number, ours = 0): string {
  return theirs === ours || ours === 0 ? "" : `${(theirs / ours).toFixed(2)} ×`;
}

function partOf({ ratio, target }: Ratio): string {
  return ` (Cooper's is ${ratio.toFixed(2)} of it; to reach ${target.toFixed(2)}: ${ratio <= target ? "reached" : "missed"})`;
}

function within(seconds: number, limit: number): string {
  return `${limit} s: ${seconds <= limit ? "reached" : "missed"}`;
}

function verdict({ ratio, target }: Ratio): string {
  return `${target.toFixed(2)} ×: ${ratio >= target ? "reached" : "missed"}`;
}

export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly commit: string;
}

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname })
      .toString()
      .trim(),
  };
}
