import { pathIn } from "../project.ts";
import { built, command, configuration, type Framework, uses, written } from "./framework.ts";

/** Next: a server of its own with `output: "standalone"`, pages with `"export"`, else `next start`. */
export const next: Framework = {
  name: "Next",
  has: (project) => uses(project, "next"),
  build: () => "next build",
  environment: { NEXT_TELEMETRY_DISABLED: "1" },
  cache: ".next/cache",
  ownStart: /^next (start|dev)\b/,
  output: (project) => {
    const [, output] =
      /\boutput:\s*["'`](standalone|export)["'`]/.exec(configuration(project, "next.config")) ?? [];
    if (output === "export") {
      const directory = pathIn(project, "out");
      return { kind: "site", directory, pages: "documents", immutable: "/_next/static/" };
    }
    const environment = { HOSTNAME: "0.0.0.0", NEXT_TELEMETRY_DISABLED: "1" };
    if (output === "standalone") {
      // Its tree begins where the lock is, and has the packages that pages use.
      return {
        kind: "server",
        copies: [
          { from: "build", source: `/app/${pathIn(project, ".next/standalone")}`, target: "app" },
          built(project, ".next/static"),
          ...written(project, "public"),
        ],
        dependencies: "included",
        start: ["node", "server.js"],
        environment,
      };
    }
    const configurations = ["js", "mjs", "cjs", "ts", "mts"].map((each) => `next.config.${each}`);
    return {
      kind: "server",
      copies: [
        built(project, ".next", ["cache", "standalone"]),
        ...written(project, "public", "package.json", ...configurations),
      ],
      dependencies: "needed",
      start: command(project, "next", "start"),
      environment,
    };
  },
};
