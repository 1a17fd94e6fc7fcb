import type { BuildComparison, LayerDifference } from "@cooper/build";
import type { FactDifference, MemberDifference } from "@cooper/oci";
import { printable } from "./printable.ts";

/** Paths of a layer that are listed one by one. */
const MOST = 50;

/** What two builds of one source gave differently, for people: by layer and path. */
export function describeReproduction({ digests, layers, steps }: BuildComparison): string {
  return [
    `the first build gave ${digests[0]}`,
    `the second one gave ${digests[1]}`,
    ...layers.flatMap(layerLines),
    "",
    ...blame(layers, steps),
  ].join("\n");
}

function blame(layers: readonly LayerDifference[], steps: readonly string[]): readonly string[] {
  if (steps.length > 0)
    return ["Given the same, these steps gave other files:", ...steps.map((step) => `  ${printable(step)}`)];
  return layers.length === 0
    ? ["Each layer is the same: the image's config differs."]
    : ["Each step gave the same files again: the image's base differs."];
}

function layerLines(difference: LayerDifference): readonly string[] {
  const { layer, step, kind } = difference;
  const name = `layer ${layer}${step === undefined ? " of the base" : `, ${printable(step)}`}`;
  if (kind !== "differs")
    return ["", `${name}  only in the ${kind === "only-in-first" ? "first" : "second"}`];
  const { members, order } = difference;
  const more = members.length - MOST;
  return [
    "",
    name,
    ...members.slice(0, MOST).map((member) => `  ${printable(member.path)}  ${inWords(member)}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    ...(order === "differs" ? ["  the members come in another order"] : []),
  ];
}

function inWords(member: MemberDifference): string {
  switch (member.kind) {
    case "only-in-first":
      return "only in the first";
    case "only-in-second":
      return "only in the second";
    case "differs":
      return member.facts.map(factInWords).join("; ");
  }
  throw new Error("unreachable: a member differs in one of three ways");
}

function factInWords({ name, first, second, offset }: FactDifference): string {
  const where = offset === undefined ? "" : ` at byte ${offset}`;
  return printable(`${name}${where}: ${first || "none"}, then ${second || "none"}`);
}
