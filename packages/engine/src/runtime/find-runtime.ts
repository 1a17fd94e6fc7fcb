import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { canRestrictMounts, hasSystemCallFilters } from "@cooper/sys";
import { EngineError } from "../errors.ts";
import { findProgram } from "../host/program.ts";

export type RuntimeName = "runc" | "crun" | "namespaces";

/** What starts containers: an OCI runtime of the host, or Cooper itself with the programs of util-linux. */
export interface Runtime {
  readonly name: RuntimeName;
  /** Of the OCI runtime, or of the program that makes namespaces. */
  readonly path: string;
}

/** In this order: only of runc a container's cgroups can be kept, which tell the limit it reached. */
export const RUNTIME_NAMES: readonly RuntimeName[] = ["runc", "crun", "namespaces"];

const PROGRAMS: Readonly<Record<RuntimeName, string>> = { runc: "runc", crun: "crun", namespaces: "unshare" };
const PACKAGES: Readonly<Record<RuntimeName, string>> = {
  runc: "runc",
  crun: "crun",
  namespaces: "util-linux libseccomp2",
};

/**
 * The runtime of that name, else the one that `$COOPER_RUNTIME` names, else the first that works here.
 * RUNTIME_MISSING, RUNTIME_UNFIT, OPTION_INVALID.
 */
export function findRuntime(name: RuntimeName | undefined = chosenRuntime()): Runtime {
  const found = (name === undefined ? RUNTIME_NAMES : [name]).flatMap((each): Runtime[] => {
    const path = findProgram(PROGRAMS[each]);
    return path === undefined ? [] : [{ name: each, path }];
  });
  const [first] = found;
  if (first === undefined) {
    const what = name === undefined ? "neither runc nor crun nor unshare is" : `${PROGRAMS[name]} is not`;
    throw new EngineError("RUNTIME_MISSING", `${what} on this host`, {
      kind: "host",
      advice: `Install one: apt-get install ${PACKAGES[name ?? "runc"]}`,
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

/** `$COOPER_RUNTIME`; undefined where it is not set. OPTION_INVALID. */
function chosenRuntime(): RuntimeName | undefined {
  const chosen = process.env["COOPER_RUNTIME"] ?? "";
  if (chosen === "") return undefined;
  const name = RUNTIME_NAMES.find((each) => each === chosen);
  if (name !== undefined) return name;
  throw new EngineError("OPTION_INVALID", `COOPER_RUNTIME is ${JSON.stringify(chosen)}, and no runtime`, {
    kind: "usage",
    advice: `It may be ${RUNTIME_NAMES.join(", ")}.`,
    fields: { option: "COOPER_RUNTIME", value: chosen },
  });
}

/**
 * Why a runtime cannot start containers on this host; undefined where it can, as far as is known.
 * crun takes no mix of the two versions of cgroups where version 2 has controllers.
 */
export function unfitness(name: RuntimeName, cgroups = "/sys/fs/cgroup"): string | undefined {
  if (name === "runc") return undefined;
  if (name === "namespaces") return namespacesUnfitness();
  const path = join(cgroups, "unified/cgroup.controllers");
  const controllers = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  if (controllers === "") return undefined;
  return `cgroups of version 1 and 2 are mixed, and version 2 has controllers (${controllers})`;
}

function namespacesUnfitness(): string | undefined {
  const missing = ["setpriv", "mount"].find((program) => findProgram(program) === undefined);
  if (missing !== undefined) return `${missing} is not on this host: apt-get install util-linux mount`;
  if (!canRestrictMounts()) return "Linux 5.12 or later is needed";
  if (hasSystemCallFilters()) return undefined;
  return "system calls cannot be filtered without libseccomp: apt-get install libseccomp2";
}
