import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { timed } from "../race.ts";
import type { Contestant, Race } from "../race.ts";
import { layerPath } from "../setting.ts";
import type { Measurement, Setting } from "../setting.ts";
import { fewLarge, manySmall } from "../tree.ts";

export const unpack: Measurement = {
  name: "unpack",
  title: "An image's layer to a directory",
  async *races(setting) {
    for (const make of [fewLarge, manySmall]) {
      const { name, path, bytes } = make(setting.cache, setting.megabytes);
      const image = `${path}.layout`;
      if (!existsSync(image)) {
        timed([...setting.program("pack-layer"), path, image, "gzip"], setting.scratch);
      }
      yield {
        name: `${name} from a layout, gzip`,
        bytes,
        contestants: [
          contestant(setting, "cooper (libraries)", {
            needs: [],
            command: (root) => [...setting.program("unpack-layers"), image, root],
          }),
          contestant(setting, "umoci unpack", {
            needs: ["umoci"],
            command: (root) => ["umoci", "unpack", "--image", `${image}:bench`, root],
          }),
          contestant(setting, "tar -xzf", {
            needs: ["tar", "gzip"],
            command: (root) => {
              mkdirSync(root);
              return ["tar", "-xzf", layerPath(image), "-C", root];
            },
          }),
        ],
        targets: { "umoci unpack": 1.5 },
      } satisfies Race;
    }
  },
};

function contestant(
  { freshDirectory }: Setting,
  name: string,
  {
    needs,
    command,
  }: { readonly needs: readonly string[]; readonly command: (root: string) => readonly string[] },
): Contestant {
  return { name, needs, prepare: () => command(join(freshDirectory(), "root")) };
}
