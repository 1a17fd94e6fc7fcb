import { oldestBuild } from "../cache/running.ts";
import { findRuntime } from "../runtime/runtime.ts";
import { collectLayers } from "../snapshot/layers.ts";
import { hasContainers, reapContainers } from "./containers.ts";

/**
 * Removes what runs have left under the store: containers whose `cooper run` was killed, and all
 * unpacked layers that no run holds and no build that runs has used. The containers first: one that nobody waits for any more may
 * still stand on layers that nobody locks. Gives the chainIDs that went. RUNTIME_MISSING only where
 * there are containers.
 */
export function pruneRuns(home: string): readonly string[] {
  if (hasContainers(home)) reapContainers(home, findRuntime());
  return collectLayers(home, oldestBuild(home));
}
