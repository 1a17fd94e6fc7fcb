import { isTable } from "../../../project/source.ts";
import { pathIn, type Project } from "../project.ts";
import { built, type Framework, tableIn, textIn, uses } from "./framework.ts";

/** Angular: one page, or a server where it renders on one. */
export const angular: Framework = {
  name: "Angular",
  has: (project) => uses(project, "@angular/core") && project.source.has(pathIn(project, "angular.json")),
  build: () => "ng build",
  environment: { NG_CLI_ANALYTICS: "false" },
  cache: ".angular/cache",
  ownStart: /^ng (serve|s)\b|^node dist\/[\w.-]+\/server\/server\.mjs$/,
  output: (project) => {
    const { base, browser, mode } = placesOf(project);
    // Pages that are all rendered in the build need no server.
    if (mode === "static")
      return { kind: "site", directory: pathIn(project, `${base}/browser`), pages: "documents" };
    if (uses(project, "@angular/ssr")) {
      const start = ["node", `${base}/server/server.mjs`];
      return { kind: "server", copies: [built(project, base)], dependencies: "included", start };
    }
    const directory = pathIn(project, `${base}${browser === "" ? "" : `/${browser}`}`);
    return { kind: "site", directory, pages: "application" };
  },
};

/** Where the build of the first project goes, and what browsers get of it. */
function placesOf(project: Project): {
  readonly base: string;
  readonly browser: string;
  readonly mode: string;
} {
  const file = project.source.json(pathIn(project, "angular.json"));
  const projects = tableIn(file, "projects");
  const [name = "", first] = Object.entries(projects)[0] ?? [];
  const build = tableIn(tableIn(first, "architect", "targets"), "build");
  const options = tableIn(build, "options");
  const path = options["outputPath"];
  const isApplication = /:(application|browser-esbuild)$/.test(textIn(build, "builder"));
  const base = typeof path === "string" ? path : textIn(path, "base") || `dist/${name}`;
  return {
    base,
    mode: textIn(options, "outputMode"),
    browser:
      isTable(path) && typeof path["browser"] === "string" ? path["browser"] : isApplication ? "browser" : "",
  };
}
