import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Who makes an image of an application. */
export interface Builder {
  readonly name: string;
  readonly needs: readonly string[];
  /** Builds, with all that was built before. */
  readonly build: readonly string[];
  /** Makes ready for a build with nothing that was built before, but with what the build stands on; gives its command. Not everybody can. */
  readonly anew?: () => readonly string[];
  /** The same without what it stands on: that comes from where such things come from. */
  readonly fromNothing: () => readonly string[];
  /** Bytes of the image's compressed layers. */
  readonly size?: () => number;
}

interface Manifest {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly size: number }[];
}

/** Bytes of the layers of a layout's only image. */
export function layersIn(layout: string): number {
  const digest = readManifest(join(layout, "index.json")).manifests?.[0]?.digest ?? "";
  const { layers = [] } = readManifest(join(layout, "blobs", digest.replace(":", "/")));
  return layers.reduce((sum, { size }) => sum + size, 0);
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8"));
}
