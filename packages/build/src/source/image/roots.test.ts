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
    const { opened, pinned, keep } = await openRoot("apt:a", { home, platform: PLATFORM, resolver, roots });
    await keep?.();
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

test("what a lock names is kept beside what the reference means today, and neither stands for the other", async (t) => {
  const home = temporaryDirectory(t);
  let [inputs, made] = ["packages 1", 0];
  const layer = makeLayer({
    tar: () => {
      made++;
      return writeTar([{ path: "a", type: "file", bytes: Buffer.from(inputs) }]);
    },
  });
  const resolver = createResolver([
    {
      name: "apt",
      open: async () => ({ content: makeImage({ config: PLATFORM, layers: [layer] }), inputs }),
    },
  ]);
  const locks = { "apt:a": { solutions: [] } };
  const open = async (locked: typeof locks | undefined): Promise<string> => {
    const root = await openRoot("apt:a", { home, platform: PLATFORM, resolver, locks: locked });
    await root.keep?.();
    await root.opened.close();
    return root.pinned;
  };
  assert.equal(await open(undefined), PINNED);
  inputs = "packages 0";
  assert.equal(await open(locks), "packages 0 for linux/amd64");
  const before = made;
  assert.equal(await open(undefined), PINNED);
  assert.equal(await open(locks), "packages 0 for linux/amd64");
  assert.equal(made, before, "both are kept");
  await assert.rejects(openRoot("apt:b", { home, platform: PLATFORM, resolver, locks }), {
    code: "LOCK_OUTDATED",
  });
});
