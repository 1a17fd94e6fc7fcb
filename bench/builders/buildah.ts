import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { configurationSecrets } from "@cooper/test";
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

/** Buildah as it builds the usual Dockerfile; its base comes from the registry where it has none. */
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

/**
 * Buildah as it builds the Dockerfile that does what Cooper does, and so installs packages: what apt fetched
 * is in a cache, as it is in Cooper's. It has no build that keeps what it stands on and nothing else.
 */
export function equalBuilder({ folder, context, generated }: Place): Builder {
  const own = join(folder, "equal");
  const { build, forget } = buildahCommand(own);
  const caches = join(own, "caches");
  mkdirSync(caches, { recursive: true });
  const ignored = ["--ignorefile", `${generated}.dockerignore`];
  const application = [
    ...ignored,
    ...configurationSecrets(),
    "-f",
    generated,
    "-t",
    "localhost/equal",
    context,
  ];
  const command = ["env", `TMPDIR=${caches}`, ...build, ...application];
  return {
    name: EQUAL,
    needs: ["buildah", "mmdebstrap", "docker-registry"],
    build: command,
    fromNothing: () => {
      forget();
      for (const path of globSync(join(caches, "buildah-cache*/*"))) {
        if (!basename(path).startsWith("apt-")) rmSync(path, { recursive: true });
      }
      return command;
    },
  };
}

/** As it is called in the tables. */
export const EQUAL = "buildah, equal Dockerfile";
