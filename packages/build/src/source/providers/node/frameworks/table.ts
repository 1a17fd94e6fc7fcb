import type { Project } from "../project.ts";
import { angular } from "./angular.ts";
import { astro } from "./astro.ts";
import type { Framework } from "./framework.ts";
import { next } from "./next.ts";
import { nitro, nuxt } from "./nitro.ts";
import { nx } from "./nx.ts";
import { reactRouter, remix } from "./react-router.ts";
import { siteBuilders } from "./sites.ts";
import { svelteKit } from "./sveltekit.ts";

/** In the order in which they are asked: what is built on another comes before it. */
const FRAMEWORKS: readonly Framework[] = [
  nx,
  next,
  nuxt,
  nitro,
  svelteKit,
  astro,
  reactRouter,
  remix,
  angular,
  ...siteBuilders,
];

/** What the application is written with; undefined where that says nothing of how it is started. */
export function frameworkOf(project: Project): Framework | undefined {
  return FRAMEWORKS.find((framework) => framework.has(project));
}
