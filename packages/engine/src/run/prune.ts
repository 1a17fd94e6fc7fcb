import { oldestBuild } from "../cache/running.ts";
import { collectLayers } from "../snapshot/layers.ts";
import { reapContainers } from "./containers.ts";

/**
 * Removes what runs have left under the store: containers whose `cooper run` was killed, and all
 * unpacked layers that no run holds and no build that runs has used. The containers first: one that
 * nobody waits for any more may still stand on layers that nobody locks. Gives the chainIDs that went.
 */
export function pruneRuns(home: string): readonly string[] {
  reapContainers(home);
  return collectLayers(home, oldestBuild(home));
}
