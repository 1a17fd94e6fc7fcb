import type { Maker } from "../maker.ts";

export const flatten: Maker = {
  name: "flatten",
  title: "Another registry's image, in one layer",
  examples: [{ repository: "flatten/docker.io/library/redis", tag: "7" }],
  how: "make",
};
