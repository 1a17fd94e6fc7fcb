import type { TestContext } from "node:test";
import { isFault } from "@cooper/sys";
import { findRuntime } from "./find-runtime.ts";

/** Whether something here starts containers, as `$COOPER_RUNTIME` has it; a loud skip where nothing does. */
export function requireRuntime(t: TestContext): boolean {
  try {
    findRuntime();
    return true;
  } catch (error) {
    if (!isFault(error, "RUNTIME_MISSING") && !isFault(error, "RUNTIME_UNFIT")) throw error;
    t.skip(`SKIPPED: ${error.message}`);
    return false;
  }
}
