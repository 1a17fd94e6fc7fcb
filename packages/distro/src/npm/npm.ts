import type { Ecosystem } from "../ecosystem/ecosystem.ts";
import { assemble } from "./assemble.ts";
import { parseRequest } from "./request.ts";
import { solve } from "./solve.ts";

/**
 * npm's packages with the Node that runs them, on libraries that another ecosystem gives: Debian's,
 * which npm's Node is built for. Solved by the machine's own npm; tarballs are fetched, checked and
 * unpacked by Cooper, and nothing in them is ever run (docs/npm.md).
 */
export function npmOn(base: Ecosystem): Ecosystem {
  return {
    name: "npm",
    parse: parseRequest,
    solve: async (request, platform, context) => await solve(request, platform, context, base),
    assemble: async (solution, context) => await assemble(solution, context, base),
  };
}
