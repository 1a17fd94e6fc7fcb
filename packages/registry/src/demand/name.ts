import { isTransformScheme, parseReference, referenceOfPath } from "@cooper/oci";
import type { MakerReference } from "@cooper/oci";
import { RegistryError } from "../errors.ts";
import { makeFault } from "./faults.ts";
import type { Maker } from "./maker.ts";

/** A name that something is made for. */
export interface Name {
  readonly maker: Maker;
  readonly reference: MakerReference;
  readonly repository: string;
  readonly tag: string;
  /** `apt/curl:latest` */
  readonly text: string;
}

/** What may be made, by the first component of names. */
export type MakerTable = ReadonlyMap<string, Maker>;

/** Reads a name as its maker does. All that it is made by must be in the table. `MANIFEST_UNKNOWN` */
export function readName(table: MakerTable, maker: Maker, repository: string, tag: string): Name {
  const text = `${repository}:${tag}`;
  try {
    const reference = (maker.read ?? referenceOfPath)({ repository, tag });
    requireMakers(table, reference);
    return { maker, reference, repository, tag, text };
  } catch (error) {
    throw makeFault(error, text);
  }
}

/** A transform's reference is of another maker, or of a registry. */
function requireMakers(table: MakerTable, { scheme, rest }: MakerReference): void {
  if (!table.has(scheme)) {
    throw new RegistryError("MANIFEST_UNKNOWN", `nothing is made by ${scheme} here`, {
      advice: `There is ${[...table.keys()].join(", ")}`,
    });
  }
  const inner = isTransformScheme(scheme) ? parseReference(rest) : undefined;
  if (inner !== undefined && "rest" in inner) requireMakers(table, inner);
}
