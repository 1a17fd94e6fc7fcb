import { rmSync, statSync } from "node:fs";
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
  const destination = join(setting.scratch, "by-cooper");
  return {
    name: "cooper by-hand",
    prepare: () => [setting.cooper(), "by-hand", "--quiet", tree, "-o", `oci:${destination}:bench`],
    finish: () => sizeAndRemove(destination),
  };
}

export function cooperLibraries(setting: Setting, tree: string, compression: "gzip" | "zstd"): Contestant {
  const destination = join(setting.scratch, "by-cooper");
  return {
    name: "cooper (libraries)",
    prepare: () => [...setting.program("pack-layer"), tree, destination, compression],
    finish: () => sizeAndRemove(destination),
  };
}

/** What a careful person would type: each byte is read once, compressed on all cores and hashed twice. */
function pipeline(
  { scratch }: Setting,
  tree: string,
  { name, needs, compress }: { readonly name: string; readonly needs: string; readonly compress: string },
): Contestant {
  const layer = join(scratch, "layer");
  const script = `set -o pipefail
    tar --sort=name --numeric-owner -C "$1" -cf - . | tee >(sha256sum > "$2.diffid") | ${compress} | tee >(sha256sum > "$2.digest") > "$2"
    until [ -s "$2.diffid" ] && [ -s "$2.digest" ]; do sleep 0.002; done`;
  return {
    name,
    needs: ["bash", "tar", "sha256sum", needs],
    prepare: () => ["bash", "-c", script, "bash", tree, layer],
    finish: () => {
      const { size } = statSync(layer);
      for (const suffix of ["", ".diffid", ".digest"]) rmSync(`${layer}${suffix}`);
      return size;
    },
  };
}

function buildah({ scratch }: Setting, tree: string): Contestant {
  const folder = join(scratch, "buildah");
  const destination = join(scratch, "by-buildah");
  // The image itself goes to the layout; its storage is its own and as fast as it has.
  const script = `set -e
    storage=(--root "$2/root" --runroot "$2/run" --storage-driver overlay)
    container=$(buildah "\${storage[@]}" from scratch)
    buildah "\${storage[@]}" add --quiet "$container" "$1" / > /dev/null
    buildah "\${storage[@]}" commit --quiet --disable-compression=false "$container" "oci:$3:bench"`;
  return {
    name: "buildah",
    needs: ["bash", "buildah"],
    prepare: () => ["bash", "-c", script, "bash", tree, folder, destination],
    finish: () => {
      rmSync(folder, { recursive: true, force: true });
      return sizeAndRemove(destination);
    },
  };
}

function umoci({ scratch }: Setting, tree: string): Contestant {
  const destination = join(scratch, "by-umoci");
  const script = `set -e
    umoci init --layout "$2"
    umoci new --image "$2:bench"
    umoci insert --image "$2:bench" "$1" /`;
  return {
    name: "umoci insert",
    needs: ["bash", "umoci"],
    prepare: () => ["bash", "-c", script, "bash", tree, destination],
    finish: () => sizeAndRemove(destination),
  };
}

/** The size of the layer. */
function sizeAndRemove(destination: string): number {
  const { size } = statSync(layerPath(destination));
  rmSync(destination, { recursive: true });
  return size;
}
