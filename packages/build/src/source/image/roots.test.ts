import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeTar } from "@cooper/archive";
import { makeImage, makeLayer } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import { createResolver } from "@cooper/transport";
import { openRoot } from "./roots.ts";

const PLATFORM = { os: "linux", architecture: "amd64" } as const;
const PINNED = "packages 1 for linux/amd64";

test("what a build stands on is kept for the next one, but not where it counted for that build alone", async (t) => {
  const home = temporaryDirectory(t);
  let made = 0;
  const layer = makeLayer({ tar: () => writeTar([{ path: "a", type: "file", bytes: Buffer.from("a") }]) });
  const resolver = createResolver([
    {
      name: "apt",
      open: async () => {
        made++;
        return { content: makeImage({ config: PLATFORM, layers: [layer] }), inputs: "packages 1" };
      },
    },
  ]);
  const open = async (roots?: "remembered" | "again" | "apart"): Promise<string> => {
    const { opened, pinned } = await openRoot("apt:a", { home, platform: PLATFORM, resolver, roots });
    await opened.close();
    return pinned;
  };
  assert.equal(await open("apart"), PINNED);
  assert.ok(!existsSync(join(home, "build/roots")));
  assert.equal(made, 1);
  assert.deepEqual([await open(), await open(), made], [PINNED, PINNED, 2]);
  await open("again");
  assert.equal(made, 3);
  await open("apart");
  assert.equal(made, 4);
});
