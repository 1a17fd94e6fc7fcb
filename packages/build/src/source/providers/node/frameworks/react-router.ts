import { pathIn } from "../project.ts";
import { built, command, configuration, type Framework, type Output, uses, written } from "./framework.ts";
import type { Project } from "../project.ts";

/** React Router as a framework: its own server, or one page where `ssr` is off. */
export const reactRouter: Framework = {
  name: "React Router",
  has: (project) => uses(project, "@react-router/dev"),
  build: () => "react-router build",
  ownStart: /^react-router(-serve\s+(\.\/)?build\/server\/index\.js| dev)$/,
  output: (project) => {
    if (/\bssr:\s*false\b/.test(configuration(project, "react-router.config"))) return page(project);
    return server(project, "react-router-serve");
  },
};

/** Remix 2, which React Router came out of. */
export const remix: Framework = {
  name: "Remix",
  has: (project) => uses(project, "@remix-run/dev"),
  build: () => "remix vite:build",
  ownStart: /^remix(-serve\s+(\.\/)?build\/(server\/)?index\.js| (vite:)?dev)$/,
  output: (project) => {
    if (/\bssr:\s*false\b/.test(configuration(project, "vite.config"))) return page(project);
    return server(project, "remix-serve");
  },
};

function page(project: Project): Output {
  const directory = pathIn(project, "build/client");
  return { kind: "site", directory, pages: "application", immutable: "/assets/" };
}

function server(project: Project, program: string): Output {
  return {
    kind: "server",
    copies: [built(project, "build"), ...written(project, "public", "package.json")],
    dependencies: "needed",
    start: command(project, program, "build/server/index.js"),
  };
}
