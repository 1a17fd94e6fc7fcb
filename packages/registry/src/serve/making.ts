import { Demand } from "../demand/demand.ts";
import { DEFAULT_DEMAND_LIMITS } from "../demand/options.ts";
import type { Storage } from "../storage/storage.ts";
import type { ServeSettings } from "./settings/schema.ts";

/** What makes images as the settings say; undefined where they let nothing be made. */
export function makingOf(settings: ServeSettings, storage: Storage): Demand | undefined {
  const { make, makePlatforms, upstreams, rootNames, anonymousMount } = settings;
  const { refreshTime, revalidateTime, failureTime, lingerTime, holdTime } = settings;
  const { buildsWaiting, buildsPerVisitor, buildTime, imageBytes, downloads, downloadsPerVisitor } = settings;
  if (settings.mode === "read-only" || isNothing(make)) return undefined;
  return new Demand({
    storage,
    makers: make,
    platforms: makePlatforms,
    upstreams,
    root: rootNames,
    sharing: anonymousMount === "allow" ? "anywhere" : "never",
    times: {
      refresh: refreshTime,
      revalidate: revalidateTime,
      failure: failureTime,
      linger: lingerTime,
      wait: holdTime,
    },
    limits: {
      builds: settings.builds ?? DEFAULT_DEMAND_LIMITS.builds,
      waiting: buildsWaiting,
      perVisitor: buildsPerVisitor,
      seconds: buildTime,
      memoryBytes: settings.buildMemory ?? DEFAULT_DEMAND_LIMITS.memoryBytes,
      imageBytes,
      downloads,
      downloadsPerVisitor,
    },
  });
}

/** Whether a repository's images are made when they are asked for, so that those may go which nobody asks for. */
export function isMadeBy({ make }: ServeSettings): (repository: string) => boolean {
  return (repository) => make.some((name) => repository.startsWith(`${name}/`));
}

function isNothing(make: readonly string[]): boolean {
  return make.length === 0 || make.includes("none");
}
