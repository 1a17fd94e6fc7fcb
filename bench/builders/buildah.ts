import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { timed } from "../race.ts";
import { type Builder, layersIn } from "./builder.ts";
import type { Place } from "./place.ts";

interface BuildahCommand {
  readonly build: readonly string[];
  readonly push: readonly string[];
  /** Removes its storage. */
  readonly forget: () => void;
}

/** Buildah with a storage of its own in a folder. */
export function buildahCommand(folder: string): BuildahCommand {
  const storage = join(folder, "storage");
  const run = join(folder, "run");
  const buildah = ["buildah", "--root", storage, "--runroot", run, "--storage-driver", "overlay"];
  const insecure = "--tls-verify=false";
  return {
    build: [...buildah, "build", "--quiet", "--isolation=chroot", "--network=host", "--layers", insecure],
    push: [...buildah, "push", "--quiet", insecure],
    forget: () => {
      // It leaves its directory mounted on itself.
      spawnSync("umount", [join(storage, "overlay")]);
      for (const path of [storage, run]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Buildah as it builds the Dockerfile; its base comes from the registry where it has none. */
export function buildahBuilder({ folder, context, dockerfile }: Place): Builder {
  const { build, push, forget } = buildahCommand(folder);
  const application = ["-f", dockerfile, "-t", "localhost/app", context];
  const layout = join(folder, "by-buildah");
  return {
    name: "buildah",
    needs: ["buildah", "mmdebstrap", "docker-registry"],
    build: [...build, ...application],
    anew: () => [...build, "--no-cache", ...application],
    fromNothing: () => {
      forget();
      return [...build, ...application];
    },
    size: () => {
      rmSync(layout, { recursive: true, force: true });
      timed([...push, "localhost/app", `oci:${layout}:1`], folder);
      return layersIn(layout);
    },
  };
}
