import { diffLocks, type Lock, type LockChange } from "@cooper/distro";
import type { Locks } from "./locks.ts";

/** What became of a package, or of an image, that a source's plan stands on. */
export interface SourceLockChange extends LockChange {
  /** Of the plan. */
  readonly reference: string;
}

/** What changed between the locks of two plans, by reference. Empty where they stand on the same. */
export function diffSourceLocks(before: Locks, after: Locks): readonly SourceLockChange[] {
  const references = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return references.flatMap((reference) => {
    const [old, now] = [before[reference], after[reference]];
    const packages = diffLocks(lockOf(reference, old), lockOf(reference, now));
    return [...diffDigests(digestOf(old), digestOf(now)), ...packages].map((change) => ({
      reference,
      ...change,
    }));
  });
}

type RootLock = Locks[string] | undefined;

function lockOf(reference: string, lock: RootLock): Lock {
  const solutions = lock !== undefined && "solutions" in lock ? lock.solutions : [];
  return { version: 1, reference, solutions };
}

function digestOf(lock: RootLock): string | undefined {
  return lock !== undefined && "digest" in lock ? lock.digest : undefined;
}

function diffDigests(from: string | undefined, to: string | undefined): readonly LockChange[] {
  if (from === to) return [];
  const change = { platform: "", name: "", from, to };
  if (from === undefined) return [{ ...change, kind: "added", words: `the image ${to} comes in` }];
  if (to === undefined) return [{ ...change, kind: "removed", words: `the image ${from} goes` }];
  return [{ ...change, kind: "changed", words: `the image from ${from} to ${to}` }];
}
