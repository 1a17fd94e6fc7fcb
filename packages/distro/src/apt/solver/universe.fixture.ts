import { DistroError } from "../../errors.ts";
import { IndexFile } from "../index/index-file.ts";
import { solve, type SolveOptions } from "./solve.ts";
import { type ReleaseNames, Universe } from "./universe.ts";

export const NO_RELEASE: ReleaseNames = {
  origin: "",
  label: "",
  suite: "",
  codename: "",
  version: "",
  component: "",
  architecture: "amd64",
  site: "",
  notAutomatic: false,
  butAutomaticUpgrades: false,
};

/** A package in a line: `curl 8.1 Depends: libc6; Provides: fetcher`. Version 1 where none is named. */
export function paragraphOf(line: string): string {
  const [, name = "", version = "1", rest = ""] = /^(\S+)(?: (\d\S*))?(?: (.*))?$/.exec(line.trim()) ?? [];
  const sum = Buffer.from(line).toString("hex").padEnd(64, "0").slice(-64);
  const fields = rest.split(";").map((field) => field.trim());
  return [
    `Package: ${name}`,
    `Version: ${version}`,
    "Architecture: amd64",
    ...fields.filter((field) => field !== ""),
    `Filename: ./${name}_${version}.deb`,
    "Size: 1",
    `SHA256: ${sum}`,
    "Description: x",
    "",
    "",
  ].join("\n");
}

export function universeOf(...lines: readonly string[]): Universe {
  const index = IndexFile.parse(lines.map(paragraphOf).join(""));
  return new Universe([{ index, release: NO_RELEASE }], "amd64");
}

/** `name=version` in the order of installation. */
export function solved(
  universe: Universe,
  requests: readonly string[],
  options: Partial<SolveOptions> = {},
): readonly string[] {
  return solve(universe, requests, { pins: [], recommends: "ignored", ...options }).map(
    ({ version: { package: owner } }) => `${owner.name}=${owner.version}`,
  );
}

/** Sorted; undefined where there is no solution. */
export function solvedSet(
  universe: Universe,
  requests: readonly string[],
  options: Partial<SolveOptions> = {},
): readonly string[] | undefined {
  try {
    return solved(universe, requests, options).toSorted();
  } catch (error) {
    if (error instanceof DistroError && error.code === "UNSOLVABLE") return undefined;
    throw error;
  }
}
