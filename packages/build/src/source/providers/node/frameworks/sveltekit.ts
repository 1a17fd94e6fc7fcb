import { BuildError } from "../../../../errors.ts";
import { pathIn, type Project } from "../project.ts";
import { built, configuration, type Framework, type Output, uses, written } from "./framework.ts";

/** SvelteKit, by its adapter: a server with adapter-node, pages with adapter-static. */
export const svelteKit: Framework = {
  name: "SvelteKit",
  has: (project) => uses(project, "@sveltejs/kit"),
  build: () => "vite build",
  ownStart: /^(vite( dev| preview)?|node build(\/index\.js)?)$/,
  output: (project) => {
    const configured = configuration(project, "svelte.config");
    if (uses(project, "@sveltejs/adapter-node")) return server(project, configured);
    if (uses(project, "@sveltejs/adapter-static")) {
      const directory = pathIn(project, option(configured, "pages") ?? "build");
      const pages = option(configured, "fallback") === undefined ? "documents" : "application";
      return { kind: "site", directory, pages, immutable: "/_app/immutable/" };
    }
    throw new BuildError("START_UNKNOWN", "SvelteKit has no adapter here that makes something to start", {
      advice: "Install @sveltejs/adapter-node, or adapter-static, and name it in svelte.config.js.",
      fields: { provider: "node" },
    });
  },
};

function server(project: Project, configured: string): Output {
  const out = option(configured, "out") ?? "build";
  return {
    kind: "server",
    copies: [built(project, out), ...written(project, "package.json")],
    dependencies: "needed",
    start: ["node", out],
  };
}

function option(text: string, name: string): string | undefined {
  return new RegExp(`\\b${name}:\\s*["'\`]([^"'\`]+)["'\`]`).exec(text)?.[1];
}
