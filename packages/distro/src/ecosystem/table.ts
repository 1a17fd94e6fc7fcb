import { DistroError } from "../errors.ts";
import type { Ecosystem, EcosystemName } from "./ecosystem.ts";

/** Every ecosystem; loaded when it is asked for, since each brings much code with it. */
const ECOSYSTEMS: Readonly<Partial<Record<EcosystemName, () => Promise<Ecosystem>>>> = {
  apk: async () => (await import("../apk/apk.ts")).apk,
  apt: async () => (await import("../apt/apt.ts")).apt,
  nix: async () => (await import("../nix/nix.ts")).nix,
  npm: async () => (await import("../npm/npm.ts")).npmOn(await ecosystemOf("apt")),
};

/** The names of the ecosystems that there are. */
export const ECOSYSTEM_NAMES: readonly EcosystemName[] = ["apt", "apk", "nix", "npm"];

/** The ecosystem of a name. `REQUEST_INVALID` */
export async function ecosystemOf(name: EcosystemName): Promise<Ecosystem> {
  const load = ECOSYSTEMS[name];
  if (load === undefined) {
    throw new DistroError("REQUEST_INVALID", `${name}: is no family of packages`, {
      kind: "usage",
      advice: `These are: ${Object.keys(ECOSYSTEMS).join(", ")}.`,
    });
  }
  return await load();
}
