import type { Maker } from "../maker.ts";

export const random: Maker = {
  name: "random",
  title: "Layers of noise, to try out a network",
  examples: [{ repository: "random/x", tag: "3x10M" }],
  how: "make",
};
