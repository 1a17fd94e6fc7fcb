import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { catalogueSource } from "./catalogue-file.ts";
import { hydraSource } from "./hydra.ts";
import { localNixSource } from "./local-nix.ts";
import type { PackageSource } from "./package-source.ts";

/**
 * Where attributes are looked up, by the first of these that is set: `COOPER_NIX_CATALOGUE` (an
 * address or path), `COOPER_NIX_NIXPKGS` (a path, for the local Nix), `COOPER_NIX_HYDRA` (an address
 * with `{attribute}` and `{system}` in it). Each may have `{release}` in it, which the reference's
 * channel or `COOPER_NIX_CHANNEL` is put for. `REPOSITORY_INVALID`, `REQUEST_INVALID`, `INDEX_…`
 */
export async function choosePackageSource(
  system: string,
  release: string | undefined,
  context: Context,
): Promise<PackageSource> {
  const { environment } = context;
  const isSet = (name: string): boolean => (environment[name] ?? "") !== "";
  const variable = ["COOPER_NIX_CATALOGUE", "COOPER_NIX_NIXPKGS", "COOPER_NIX_HYDRA"].find(isSet);
  if (variable === undefined) {
    throw new DistroError("REPOSITORY_INVALID", "nothing tells which store paths nixpkgs' attributes are", {
      kind: "usage",
      advice: "Set COOPER_NIX_CATALOGUE, COOPER_NIX_NIXPKGS or COOPER_NIX_HYDRA (docs/nix.md).",
    });
  }
  const template = environment[variable] ?? "";
  const channel = release ?? (isSet("COOPER_NIX_CHANNEL") ? environment["COOPER_NIX_CHANNEL"] : undefined);
  const hasPlace = template.includes("{release}");
  if (hasPlace && channel === undefined) {
    throw new DistroError("REQUEST_INVALID", `${variable} has {release} in it, and no channel is named`, {
      kind: "usage",
      advice: "Write nix:PACKAGE:CHANNEL, or set COOPER_NIX_CHANNEL.",
    });
  }
  const address = hasPlace ? template.replaceAll("{release}", channel ?? "") : template;
  if (variable === "COOPER_NIX_CATALOGUE") {
    return await catalogueSource(address, system, hasPlace ? undefined : channel, context);
  }
  if (release !== undefined && !hasPlace) {
    throw new DistroError(
      "REQUEST_INVALID",
      `${variable} has no {release} in it, so ${release} cannot be chosen`,
      {
        kind: "usage",
      },
    );
  }
  return variable === "COOPER_NIX_HYDRA"
    ? hydraSource(address, system, context)
    : localNixSource(address, system, context);
}
