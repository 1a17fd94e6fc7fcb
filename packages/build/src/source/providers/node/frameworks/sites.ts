import { dirname, join, relative } from "node:path/posix";
import { pathIn, type Project } from "../project.ts";
import { configuration, type Framework, type Site, uses } from "./framework.ts";

interface SiteBuilder {
  readonly name: string;
  readonly package: string;
  readonly build: string | ((project: Project) => string);
  readonly directory: (project: Project) => string;
  readonly pages: Site["pages"];
  readonly immutable?: string;
  readonly ownStart: RegExp;
}

const at = (directory: string) => (): string => directory;

/** Programs that write files for any web server. Vite is last: others have it inside. */
const BUILDERS: readonly SiteBuilder[] = [
  {
    name: "Create React App",
    package: "react-scripts",
    build: "react-scripts build",
    directory: at("build"),
    pages: "application",
    immutable: "/static/",
    ownStart: /^react-scripts start$/,
  },
  {
    name: "Vue CLI",
    package: "@vue/cli-service",
    build: "vue-cli-service build",
    directory: at("dist"),
    pages: "application",
    ownStart: /^vue-cli-service serve\b/,
  },
  {
    name: "Gatsby",
    package: "gatsby",
    build: "gatsby build",
    directory: at("public"),
    pages: "documents",
    immutable: "/static/",
    ownStart: /^gatsby (develop|serve|start)\b|^npm run develop$/,
  },
  {
    name: "Docusaurus",
    package: "@docusaurus/core",
    build: "docusaurus build",
    directory: at("build"),
    pages: "documents",
    immutable: "/assets/",
    ownStart: /^docusaurus (start|serve)\b/,
  },
  {
    name: "VitePress",
    package: "vitepress",
    build: (project) => `vitepress build ${vitePressRoot(project).root}`,
    directory: (project) => {
      const { root, text } = vitePressRoot(project);
      return join(root, outDirectory(text) ?? ".vitepress/dist");
    },
    pages: "documents",
    immutable: "/assets/",
    ownStart: /^vitepress (dev|preview|serve)\b/,
  },
  {
    name: "Eleventy",
    package: "@11ty/eleventy",
    build: "eleventy",
    directory: (project) => {
      const script = project.manifest.scripts?.["build"] ?? "";
      const said = /\beleventy\b.*\s--output[=\s]["']?([\w./-]+)/.exec(script)?.[1];
      const configured = configuration(project, "eleventy.config", ".eleventy");
      return said ?? /\boutput:\s*["'`]([^"'`]+)["'`]/.exec(configured)?.[1] ?? "_site";
    },
    pages: "documents",
    ownStart: /^(npx )?(@11ty\/)?eleventy\b.*\s--serve\b/,
  },
  {
    name: "Hexo",
    package: "hexo",
    build: "hexo generate",
    directory: ({ source }) =>
      /^public_dir:\s*["']?([\w./-]+)/m.exec(source.text("_config.yml") ?? "")?.[1] ?? "public",
    pages: "documents",
    ownStart: /^hexo (server|s)\b/,
  },
  {
    name: "Parcel",
    package: "parcel",
    build: "parcel build",
    directory: at("dist"),
    pages: "application",
    ownStart: /^parcel( serve)?\b/,
  },
  {
    name: "Vite",
    package: "vite",
    build: "vite build",
    directory: (project) => outDirectory(configuration(project, "vite.config")) ?? "dist",
    pages: "application",
    immutable: "/assets/",
    ownStart: /^vite(\s+(dev|serve|preview))?(\s+-.*)?$/,
  },
];

/** Builders of sites as frameworks. */
export const siteBuilders: readonly Framework[] = BUILDERS.map((builder) => ({
  name: builder.name,
  // A library is built with Vite, too, and has no page.
  has: (project) =>
    uses(project, builder.package) &&
    (builder.package !== "vite" || project.source.has(pathIn(project, "index.html"))),
  build: (project) => (typeof builder.build === "string" ? builder.build : builder.build(project)),
  ownStart: builder.ownStart,
  output: (project) => ({
    kind: "site",
    directory: pathIn(project, project.settings.variables["SITE_DIRECTORY"] ?? builder.directory(project)),
    pages: builder.pages,
    ...(builder.immutable === undefined ? {} : { immutable: builder.immutable }),
  }),
}));

function outDirectory(text: string): string | undefined {
  return /\boutDir:\s*["'`]([^"'`]+)["'`]/.exec(text)?.[1];
}

/** Where VitePress's pages are, by the script that builds them or by its own directory, and its configuration. */
function vitePressRoot(project: Project): { readonly root: string; readonly text: string } {
  const script = project.manifest.scripts?.["build"] ?? "";
  const [found] = project.source.matching(pathIn(project, "**/.vitepress/config.*"));
  const root =
    /vitepress build\s+([\w./-]+)/.exec(script)?.[1] ??
    relative(project.directory, dirname(dirname(found ?? pathIn(project, ".vitepress/config.js"))));
  return { root: root === "" ? "." : root, text: configuration(project, join(root, ".vitepress/config")) };
}
