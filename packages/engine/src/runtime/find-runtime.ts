import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "../errors.ts";
import { findProgram } from "../host/program.ts";

export type RuntimeName = "runc" | "crun";

/** An OCI runtime of the host. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly path: string;
}

/** In this order: only of runc a container's cgroups can be kept, which tell the limit it reached. */
export const RUNTIME_NAMES: readonly RuntimeName[] = ["runc", "crun"];

/** The runtime of that name, else the first that works here. RUNTIME_MISSING, RUNTIME_UNFIT. */
export function findRuntime(name?: RuntimeName): Runtime {
  const found = (name === undefined ? RUNTIME_NAMES : [name]).flatMap((each): Runtime[] => {
    const path = findProgram(each);
    return path === undefined ? [] : [{ name: each, path }];
  });
  const [first] = found;
  if (first === undefined) {
    const what = name === undefined ? "neither runc nor crun is" : `${name} is not`;
    throw new EngineError("RUNTIME_MISSING", `${what} on this host`, {
      kind: "host",
      advice: `Install one: apt-get install ${name ?? "runc"}`,
    });
  }
  const working = found.find((runtime) => unfitness(runtime.name) === undefined);
  if (working !== undefined) return working;
  throw new EngineError(
    "RUNTIME_UNFIT",
    `${first.name} cannot start containers here: ${unfitness(first.name)}`,
    {
      kind: "host",
      advice: "Use runc: apt-get install runc",
      fields: { runtime: first.path },
    },
  );
}

/**
 * Why a runtime cannot start containers on this host; undefined where it can, as far as is known.
 * crun takes no mix of the two versions of cgroups where version 2 has controllers.
 */
export function unfitness(name: RuntimeName, cgroups = "/sys/fs/cgroup"): string | undefined {
  if (name !== "crun") return undefined;
  const path = join(cgroups, "unified/cgroup.controllers");
  const controllers = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  if (controllers === "") return undefined;
  return `cgroups of version 1 and 2 are mixed, and version 2 has controllers (${controllers})`;
}
