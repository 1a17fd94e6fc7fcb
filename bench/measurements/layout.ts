import { statSync } from "node:fs";
import { join } from "node:path";
import type { Contestant, Race } from "../race.ts";
import { hasCommand, layerPath } from "../setting.ts";
import type { Measurement, Setting } from "../setting.ts";
import { fewLarge, manySmall } from "../tree.ts";

export const layout: Measurement = {
  name: "layout",
  title: "A directory to an OCI layout",
  async *races(setting) {
    for (const make of [fewLarge, manySmall]) {
      const { name, path, bytes } = make(setting.cache, setting.megabytes);
      yield {
        name: `${name} to a layout, gzip`,
        bytes,
        contestants: [
          cooperGzip(setting, path),
          pipeline(setting, path, { name: PIGZ, needs: "pigz", compress: "pigz -6" }),
          buildah(setting, path),
          umoci(setting, path),
        ],
        targets: { [PIGZ]: 1.5, buildah: 3 },
      } satisfies Race;
      yield {
        name: `${name} to a layout, zstd`,
        bytes,
        contestants: [
          cooperLibraries(setting, path, "zstd"),
          pipeline(setting, path, { name: ZSTD, needs: "zstd", compress: "zstd -3 -T0 -q" }),
        ],
        targets: { [ZSTD]: 1.2 },
      } satisfies Race;
    }
  },
};

const PIGZ = "tar | pigz -6, two sha256sum";
const ZSTD = "tar | zstd -3 -T0, two sha256sum";

function cooperGzip(setting: Setting, tree: string): Contestant {
  if (!hasCommand("by-hand")) return cooperLibraries(setting, tree, "gzip");
  let destination = "";
  return {
    name: "cooper by-hand",
    prepare: () => {
      destination = join(setting.freshDirectory(), "by-cooper");
      return [setting.cooper(), "by-hand", "--quiet", tree, "-o", `oci:${destination}:bench`];
    },
    finish: () => statSync(layerPath(destination)).size,
  };
}

export function cooperLibraries(setting: Setting, tree: string, compression: "gzip" | "zstd"): Contestant {
  let destination = "";
  return {
    name: "cooper (libraries)",
    prepare: () => {
      destination = join(setting.freshDirectory(), "by-cooper");
      return [...setting.program("pack-layer"), tree, destination, compression];
    },
    finish: () => statSync(layerPath(destination)).size,
  };
}

/** What a careful person would type: each byte is read once, compressed on all cores and hashed twice. */
function pipeline(
  { freshDirectory }: Setting,
  tree: string,
  { name, needs, compress }: { readonly name: string; readonly needs: string; readonly compress: string },
): Contestant {
  let layer = "";
  const script = `set -o pipefail
    tar --sort=name --numeric-owner -C "$1" -cf - . | tee >(sha256sum > "$2.diffid") | ${compress} | tee >(sha256sum > "$2.digest") > "$2"
    until [ -s "$2.diffid" ] && [ -s "$2.digest" ]; do sleep 0.002; done`;
  return {
    name,
    needs: ["bash", "tar", "sha256sum", needs],
    prepare: () => {
      layer = join(freshDirectory(), "layer");
      return ["bash", "-c", script, "bash", tree, layer];
    },
    finish: () => statSync(layer).size,
  };
}

function buildah({ freshDirectory }: Setting, tree: string): Contestant {
  let destination = "";
  // The image itself goes to the layout; its storage is its own and as fast as it has.
  const script = `set -e
    storage=(--root "$2/root" --runroot "$2/run" --storage-driver overlay)
    container=$(buildah "\${storage[@]}" from scratch)
    buildah "\${storage[@]}" add --quiet "$container" "$1" / > /dev/null
    buildah "\${storage[@]}" commit --quiet --disable-compression=false "$container" "oci:$3:bench"`;
  return {
    name: "buildah",
    needs: ["bash", "buildah"],
    prepare: () => {
      const folder = freshDirectory();
      destination = join(folder, "by-buildah");
      return ["bash", "-c", script, "bash", tree, join(folder, "storage"), destination];
    },
    finish: () => statSync(layerPath(destination)).size,
  };
}

function umoci({ freshDirectory }: Setting, tree: string): Contestant {
  let destination = "";
  const script = `set -e
    umoci init --layout "$2"
    umoci new --image "$2:bench"
    umoci insert --image "$2:bench" "$1" /`;
  return {
    name: "umoci insert",
    needs: ["bash", "umoci"],
    prepare: () => {
      destination = join(freshDirectory(), "by-umoci");
      return ["bash", "-c", script, "bash", tree, destination];
    },
    finish: () => statSync(layerPath(destination)).size,
  };
}
