import { globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { timed } from "../race.ts";
import type { Setting } from "../setting.ts";
import { type Builder, layersIn } from "./builder.ts";
import type { Place } from "./place.ts";

/** Cooper, which makes what the build stands on out of packages; these are in its cache. */
export function cooperBuilder(setting: Setting, { folder, context }: Place): Builder {
  const home = join(folder, "home");
  const layout = join(folder, "by-cooper");
  const command = [setting.cooper(), "build", context, "-o", `oci:${layout}:1`, "--quiet"];
  const build = ["env", `COOPER_HOME=${home}`, ...command];
  return {
    name: "cooper",
    needs: [],
    build,
    anew: () => {
      timed(build, folder);
      forgetSteps(home);
      rmSync(layout, { recursive: true, force: true });
      return build;
    },
    fromNothing: () => {
      for (const path of [home, layout]) rmSync(path, { recursive: true, force: true });
      return build;
    },
    size: () => layersIn(layout),
  };
}

/** Removes what steps made and what package managers keep; roots stay, unpacked as the first build left them. */
function forgetSteps(home: string): void {
  for (const path of globSync(join(home, "build/steps/*"))) {
    if (path.endsWith(".lock")) continue;
    const { directory }: { readonly directory?: string } = JSON.parse(readFileSync(path, "utf8"));
    if (directory !== undefined) rmSync(join(home, "unpacked", directory), { recursive: true });
  }
  for (const name of ["steps", "blobs", "caches"]) {
    rmSync(join(home, "build", name), { recursive: true, force: true });
  }
}
