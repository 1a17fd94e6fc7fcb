import { rmSync } from "node:fs";
import type { Race } from "../race.ts";
import type { Measurement } from "../setting.ts";
import { fewLarge } from "../tree.ts";
import { cooperLibraries } from "./layout.ts";

/** Ten times the tree takes the same memory. */
export const large: Measurement = {
  name: "large",
  title: "Ten times the tree",
  async *races(setting) {
    for (const megabytes of [setting.megabytes, setting.megabytes * 10]) {
      const tree = fewLarge(setting.cache, megabytes);
      yield {
        name: `memory for a tree of ${megabytes} MB, gzip`,
        bytes: tree.bytes,
        contestants: [cooperLibraries(setting, tree.path, "gzip")],
        targets: {},
      } satisfies Race;
      if (megabytes > setting.megabytes) rmSync(tree.path, { recursive: true });
    }
  },
};
