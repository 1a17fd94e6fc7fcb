import { pathIn } from "../project.ts";
import { built, type Framework, uses } from "./framework.ts";

const START = ["node", ".output/server/index.mjs"];

/** Nuxt: Nitro's server with the packages that it uses, or pages where the build generates them. */
export const nuxt: Framework = {
  name: "Nuxt",
  has: (project) => uses(project, "nuxt", "nuxt3"),
  build: () => "nuxt build",
  environment: { NUXT_TELEMETRY_DISABLED: "1" },
  ownStart: /^(nuxt|nuxi) (start|dev|preview)\b|^node \.output\/server\/index\.mjs$/,
  output: (project) => {
    if (/\b(nuxt|nuxi) generate\b/.test(project.manifest.scripts?.["build"] ?? "")) {
      const directory = pathIn(project, ".output/public");
      return { kind: "site", directory, pages: "documents", immutable: "/_nuxt/" };
    }
    return { kind: "server", copies: [built(project, ".output")], dependencies: "included", start: START };
  },
};

/** What else stands on Nitro: SolidStart, TanStack Start, Analog. */
export const nitro: Framework = {
  name: "Nitro",
  has: (project) => uses(project, "nitro", "nitropack", "vinxi", "@solidjs/start"),
  build: () => "nitro build",
  ownStart: /^(vinxi|nitro) (start|dev|preview)\b|^node \.output\/server\/index\.mjs$/,
  output: (project) => ({
    kind: "server",
    copies: [built(project, ".output")],
    dependencies: "included",
    start: START,
  }),
};
