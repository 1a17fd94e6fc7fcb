/**
 * Parsers under fire: random and damaged inputs, for a time that is given. A parser may refuse an
 * input with one of Cooper's errors; anything else that it throws, or a hang, is a defect.
 *
 *   node --conditions=@cooper/source test/fuzz/run.ts [--seconds 60] [--seed N] [TARGET…]
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { CooperError } from "@cooper/sys";
import { Random } from "./random.ts";
import { type FuzzTarget, TARGETS } from "./targets.ts";

/** Longer than any of these small inputs may take, also on a busy machine; a hang never ends. */
const HANG_MS = 30_000;

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
  allowPositionals: true,
});
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
const chosen = TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (chosen.length === 0)
  throw new Error(`no such target; there are ${TARGETS.map(({ name }) => name).join(", ")}`);

const share = (Number(values.seconds) * 1000) / chosen.length;
let failures = 0;
for (const target of chosen) failures += await fuzz(target, share);
process.exitCode = failures === 0 ? 0 : 1;

async function fuzz(target: FuzzTarget, milliseconds: number): Promise<number> {
  const end = performance.now() + milliseconds;
  let refused = 0;
  let count = 0;
  for (; performance.now() < end; count++) {
    const input = target.make(new Random(seed + count));
    try {
      await withinTime(target.parse(input));
    } catch (error) {
      if (error instanceof CooperError) {
        refused++;
        continue;
      }
      console.error(`${target.name}: input ${count} of seed ${seed} gave`, error);
      console.error(`the input, in base64: ${Buffer.from(input).toString("base64").slice(0, 8000)}`);
      return 1;
    }
  }
  console.log(`fuzz ${target.name}: ${count} inputs, ${refused} refused, none did worse (seed ${seed})`);
  return 0;
}

async function withinTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer after ${HANG_MS} ms`)), HANG_MS);
  });
  try {
    await Promise.race([work, hang]);
  } finally {
    clearTimeout(timer);
  }
}
