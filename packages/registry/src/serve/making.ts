import type { BuildStatus } from "../demand/builds.ts";
import { Demand } from "../demand/demand.ts";
import { DEFAULT_DEMAND_LIMITS } from "../demand/options.ts";
import type { Storage } from "../storage/storage.ts";
import type { Log } from "./log/log.ts";
import { Counter, Reading } from "./metrics/exposition.ts";
import type { Metric } from "./metrics/exposition.ts";
import type { ServeSettings } from "./settings/schema.ts";

/** What makes images, and what is counted of it. */
export interface Making {
  readonly demand: Demand;
  readonly metrics: readonly Metric[];
}

/** Making images as a part of the service, as the settings say; undefined where they let nothing be made. */
export function making(settings: ServeSettings, storage: Storage, log: Log): Making | undefined {
  const builds = new Counter("cooper_registry_builds_total", "Builds that have ended");
  const seconds = new Counter(
    "cooper_registry_build_seconds_total",
    "Seconds from asking to the end of them",
  );
  const bytes = new Counter("cooper_registry_build_bytes_total", "Bytes of blobs that they have written");
  const demand = demandOf(settings, storage, (build) => {
    builds.add(1, { outcome: build.state });
    seconds.add(build.seconds);
    bytes.add(build.bytes);
    log("info", `Build of ${build.name}: ${build.state}`, {
      build: build.id,
      seconds: Math.round(build.seconds * 10) / 10,
      bytes: build.bytes,
      ...(build.error === undefined ? {} : { error: build.error }),
    });
  });
  if (demand === undefined) return undefined;
  const load = (what: "running" | "waiting", help: string): Reading =>
    new Reading(`cooper_registry_builds_${what}`, help, "gauge", () => demand.load()[what]);
  return {
    demand,
    metrics: [
      builds,
      seconds,
      bytes,
      load("running", "Builds that go on"),
      load("waiting", "Builds that wait for their turn"),
    ],
  };
}

function demandOf(
  settings: ServeSettings,
  storage: Storage,
  observe: (build: BuildStatus) => void,
): Demand | undefined {
  const { make, makePlatforms, upstreams, rootNames, anonymousMount } = settings;
  const { refreshTime, revalidateTime, failureTime, lingerTime, holdTime } = settings;
  const { buildsWaiting, buildsPerVisitor, buildTime, imageBytes, downloads, downloadsPerVisitor } = settings;
  if (settings.mode === "read-only" || isNothing(make)) return undefined;
  return new Demand({
    storage,
    observe,
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

/** What somebody who has just started it may try. */
export function invitation({ makers }: Demand, url: string): string {
  const [path] = makers.flatMap(({ examples }) => examples);
  const name = path === undefined ? "" : `: docker pull ${new URL(url).host}/${path.repository}:${path.tag}`;
  return `What is pulled is made${name}; ${url}/ shows more`;
}

/** Whether a repository's images are made when they are asked for, so that those may go which nobody asks for. */
export function isMadeBy({ make }: ServeSettings): (repository: string) => boolean {
  return (repository) => make.some((name) => repository.startsWith(`${name}/`));
}

function isNothing(make: readonly string[]): boolean {
  return make.length === 0 || make.includes("none");
}
