/**
 * Cooper against its peers: the same work by each, in turn, on the same machine.
 *
 *     npm run bench -- [layout] [unpack] [transfer] [packages] [source] [start-up] [--size MB] [--large] [--json FILE]
 *
 * Prints tables and writes all runs as JSON to bench/results/. docs/benchmarks.md says more.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { large } from "./measurements/large.ts";
import { layout } from "./measurements/layout.ts";
import { measureStartUp } from "./measurements/start-up.ts";
import { transfer } from "./measurements/transfer.ts";
import { packages } from "./measurements/packages.ts";
import { source } from "./measurements/source.ts";
import { unpack } from "./measurements/unpack.ts";
import { hold } from "./race.ts";
import type { Outcome } from "./race.ts";
import { describeMachine, formatOutcome } from "./report.ts";
import { makeSetting } from "./setting.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    size: { type: "string", default: "500" },
    large: { type: "boolean", default: false },
  },
});
const MEASUREMENTS = [layout, unpack, transfer, packages, source];
const known = [...MEASUREMENTS.map(({ name }) => name), "start-up"];
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: the measurements are ${known.join(", ")}`);
const isAsked = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

const outcomes: Outcome[] = [];
function note(outcome: Outcome): void {
  outcomes.push(outcome);
  console.log(formatOutcome(outcome));
}

const machine = describeMachine();
console.log(
  `${machine.date}, ${machine.cores} cores of ${machine.processor}, ${machine.memoryGiB} GiB, ` +
    `Linux ${machine.kernel}, Node ${machine.node}, ${machine.commit}\n`,
);
const setting = makeSetting(Number(values.size));
try {
  for (const measurement of [
    ...MEASUREMENTS.filter(({ name }) => isAsked(name)),
    ...(values.large ? [large] : []),
  ]) {
    console.log(`## ${measurement.title}\n`);
    for await (const race of measurement.races(setting)) note(await hold(race, setting.scratch));
  }
  console.log(`Written to a fresh directory: ${setting.disk.description}.\n`);
  if (isAsked("start-up")) {
    console.log("## Start-up\n");
    note(measureStartUp(setting));
  }
} finally {
  setting.remove();
}
const file =
  values.json ??
  join(import.meta.dirname, "results", `${machine.date.replaceAll(":", "-").slice(0, 19)}.json`);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(
  file,
  `${JSON.stringify({ machine, disk: setting.disk.description, outcomes }, undefined, 2)}\n`,
);
console.log(`All runs: ${file}`);
