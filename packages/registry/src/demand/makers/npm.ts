import type { Maker } from "../maker.ts";

export const npm: Maker = {
  name: "npm",
  title: "Node and packages of npm",
  examples: [{ repository: "npm/cowsay", tag: "latest" }],
  how: "make",
};
