import { statSync } from "node:fs";
import { join } from "node:path";
import type { BuildKit } from "../build-kit.ts";
import { timed } from "../race.ts";
import type { Builder } from "./builder.ts";
import type { Place } from "./place.ts";

/** The Docker engine's BuildKit as it builds the Dockerfile; its base comes from the registry where it has none. */
export function buildKitBuilder({ folder, context, dockerfile }: Place, { docker }: BuildKit): Builder {
  const build = [...docker, "build", "--quiet", "--network=host"];
  const application = ["-f", dockerfile, "-t", "localhost/app", context];
  const archive = join(folder, "by-buildkit.tar");
  return {
    name: "BuildKit",
    needs: ["docker-registry"],
    build: [...build, ...application],
    anew: () => [...build, "--no-cache", ...application],
    fromNothing: () => {
      timed([...docker, "system", "prune", "--all", "--force"], folder);
      return [...build, ...application];
    },
    size: () => {
      timed([...docker, "save", "-o", archive, "localhost/app"], folder);
      timed(["gzip", "-kf", archive], folder);
      return statSync(`${archive}.gz`).size;
    },
  };
}
