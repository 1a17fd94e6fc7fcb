import type { Platform } from "@cooper/oci";
import type { Context } from "../ecosystem/context.ts";
import type { Ecosystem, PackageRequest } from "../ecosystem/ecosystem.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { architectureOf } from "./architecture.ts";
import { assemble } from "./assemble.ts";
import { repositorySources } from "./repository/configuration.ts";
import { trustedKeys } from "./repository/keys.ts";
import { loadRepositories } from "./repository/load.ts";
import { parseRequest } from "./request.ts";
import { lockedRepository, solvedPackages } from "./solved.ts";
import { solve as choose } from "./solver/solve.ts";

/** Alpine's and Wolfi's packages, apk v2 (docs/apk.md). */
export const apk: Ecosystem = { name: "apk", parse: parseRequest, solve, assemble };

async function solve(request: PackageRequest, platform: Platform, context: Context): Promise<Solution> {
  const architecture = architectureOf(platform);
  const sources = repositorySources(request.release, context);
  const loaded = await loadRepositories(sources, architecture, context);
  const packages = solvedPackages(choose(loaded.universe, request.packages, context), loaded, architecture);
  const downloadSize = packages.reduce((sum, { size }) => sum + size, 0);
  context.onEvent({ type: "solved", packages: packages.length, downloadSize });
  const keys = context.signatures === "unchecked" ? new Map<string, never>() : trustedKeys(context);
  return {
    ecosystem: "apk",
    platform,
    request,
    repositories: loaded.repositories.map((one) => lockedRepository(one, keys)),
    packages,
  };
}
