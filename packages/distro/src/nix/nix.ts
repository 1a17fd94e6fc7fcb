import type { Ecosystem } from "../ecosystem/ecosystem.ts";
import { assemble } from "./assemble.ts";
import { parseRequest } from "./attribute/request.ts";
import { solve } from "./solve.ts";

/** Packages of Nix from binary caches (docs/nix.md). */
export const nix: Ecosystem = { name: "nix", parse: parseRequest, solve, assemble };
