import { isTransformScheme, parseReference } from "@cooper/oci";
import { BuildError } from "../../errors.ts";
import { referencesOf } from "../plan/graph.ts";
import type { Plan } from "../plan/plan.ts";
import type { Locks } from "./locks.ts";

/** Of the references of a plan, those that mean from day to day what there is, each once. */
export function referencesToLock(plan: Plan): readonly string[] {
  const parts = referencesOf(plan).map(lockedPart);
  return [...new Set(parts.filter((part) => part !== undefined))].toSorted();
}

/**
 * What decides about a reference from day to day: itself, or what transforms are done to. Undefined where
 * nothing does, as for `random:`, or where it names a digest.
 */
export function lockedPart(text: string): string | undefined {
  const reference = parseReference(text);
  if ("digest" in reference && reference.digest !== undefined) return undefined;
  if (!("rest" in reference)) return text;
  if (isTransformScheme(reference.scheme)) return lockedPart(reference.rest);
  return reference.scheme === "random" ? undefined : text;
}

/** The reference as it is opened: that of an image names its digest. `LOCK_OUTDATED` where no lock is for it. */
export function lockedReference(reference: string, locks: Locks): string {
  const part = lockedPart(reference);
  if (part === undefined) return reference;
  const lock = locks[part];
  if (lock !== undefined) return "solutions" in lock ? reference : `${reference}@${lock.digest}`;
  throw new BuildError("LOCK_OUTDATED", `the locks have nothing for ${part}, which the plan stands on`, {
    fields: { reference: part },
    advice: "Lock it anew: cooper lock DIRECTORY -o FILE, or cooper plan --lock.",
  });
}
