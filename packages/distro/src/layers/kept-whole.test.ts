import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import type { Assembly } from "../ecosystem/ecosystem.ts";
import { openContext } from "../ecosystem/open-context.ts";
import { keptWhole, Listening, makeWhole, type WholeMaker } from "./kept-whole.ts";

const CREATED = 1_700_000_000;

interface Bench {
  readonly directory: string;
  readonly told: string[];
  made: number;
  /** What comes of the whole, by such a maker: the top layer's digest. */
  whole(by: (listening: Listening) => WholeMaker): Promise<string>;
}

function kept(listening: Listening): WholeMaker {
  return keptWhole("packages 1", listening);
}

async function openBench(t: TestContext): Promise<Bench> {
  const directory = temporaryDirectory(t);
  const told: string[] = [];
  const tools = await openContext({
    cache: { directory },
    network: "offline",
    onEvent: (event) => void (event.type === "warning" && told.push(`${event.subject}: ${event.message}`)),
  });
  t.after(async () => await tools.close());
  const bench: Bench = {
    directory,
    told,
    made: 0,
    whole: async (by) => {
      const listening = new Listening();
      const heard = listening.over(tools);
      const assembly: Assembly = {
        packages: [],
        whole: async () => {
          bench.made++;
          heard.onEvent({ type: "warning", subject: "a", message: "its script did not run" });
          return {
            async *top() {
              yield { path: "var/lib/db", type: "file", bytes: Buffer.from("a") };
            },
            run: { Env: ["A=1"] },
            created: CREATED,
          };
        },
      };
      const { top, run, created } = await by(listening)(assembly, heard, {});
      assert.deepEqual([run, created], [{ Env: ["A=1"] }, CREATED]);
      for await (const _ of top.tar()) continue;
      return (await top.descriptor()).digest;
    },
  };
  return bench;
}

test("what an image is besides its packages is made once, as it would be made, and its warnings are told each time", async (t) => {
  const bench = await openBench(t);
  const fresh = await bench.whole(() => makeWhole);
  assert.equal(await bench.whole(kept), fresh);
  assert.equal(await bench.whole(kept), fresh);
  assert.equal(bench.made, 2);
  assert.deepEqual(
    bench.told,
    Array.from({ length: 3 }, () => "a: its script did not run"),
  );
  await bench.whole((listening) => keptWhole("packages 2", listening));
  assert.equal(bench.made, 3);
});

test("it is made again where its layer was lost", async (t) => {
  const bench = await openBench(t);
  const before = await bench.whole(kept);
  rmSync(join(bench.directory, "blobs"), { recursive: true });
  assert.equal(await bench.whole(kept), before);
  assert.equal(bench.made, 2);
});
