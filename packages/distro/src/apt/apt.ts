import type { Ecosystem } from "../ecosystem/ecosystem.ts";
import { assemble } from "./install/assemble.ts";
import { parseRequest } from "./request.ts";
import { solveRequest } from "./solve-request.ts";

/**
 * Packages of Debian, Ubuntu and their kin, from the archives that the host's own sources name: solved as
 * `apt-get install` does, installed as dpkg does, with nothing of theirs ever run (docs/apt.md).
 */
export const apt: Ecosystem = {
  name: "apt",
  parse: parseRequest,
  solve: solveRequest,
  assemble,
};
