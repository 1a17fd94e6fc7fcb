import type { Maker } from "../maker.ts";

export const mirror: Maker = {
  name: "mirror",
  title: "Another registry's image as it is, fetched once and kept",
  examples: [{ repository: "mirror/docker.io/library/alpine", tag: "3" }],
  how: "pull-through",
};
