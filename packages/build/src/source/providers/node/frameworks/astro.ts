import { pathIn } from "../project.ts";
import { built, type Framework, uses, written } from "./framework.ts";

/** Astro: pages, or a server where it has the adapter for Node. */
export const astro: Framework = {
  name: "Astro",
  has: (project) => uses(project, "astro"),
  build: () => "astro build",
  environment: { ASTRO_TELEMETRY_DISABLED: "1" },
  ownStart: /^astro (dev|preview|start)\b|^node (\.\/)?dist\/server\/entry\.mjs$/,
  output: (project) => {
    if (!uses(project, "@astrojs/node")) {
      return { kind: "site", directory: pathIn(project, "dist"), pages: "documents", immutable: "/_astro/" };
    }
    return {
      kind: "server",
      copies: [built(project, "dist"), ...written(project, "package.json")],
      dependencies: "needed",
      start: ["node", "dist/server/entry.mjs"],
      environment: { HOST: "0.0.0.0" },
    };
  },
};
