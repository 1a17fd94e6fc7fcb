import { formatDockerName, MAX_MANIFEST_BYTES, parseDockerName, parseJson } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import { isRecord } from "../layout/index-file.ts";
import type { TarFiles } from "./tar-files.ts";

/** One image of a Docker archive, as `manifest.json` tells it (moby, image/spec/v1.2.md). */
export interface DockerImage {
  /** Where the config lies in the archive. */
  readonly config: string;
  /** As they stand: `alpine:3`. */
  readonly tags: readonly string[];
  /** Where the layers lie, the base first. */
  readonly layers: readonly string[];
}

/** What `manifest.json` says; undefined where there is none. `ARCHIVE_INVALID` */
export async function readDockerManifest(tar: TarFiles): Promise<readonly DockerImage[] | undefined> {
  const raw = await tar.read("manifest.json", MAX_MANIFEST_BYTES);
  if (raw === undefined) return undefined;
  const json = parseJson(raw, "manifest.json");
  if (!Array.isArray(json)) throw invalid(tar.name, "is not a list");
  return json.map((item: unknown) => readImage(tar.name, item));
}

/** The images that a tag means: `alpine:3` as Docker reads it, or `@N` for the one at that place. */
export function chooseImages(images: readonly DockerImage[], tag: string): readonly DockerImage[] {
  const place = /^@(\d+)$/.exec(tag)?.[1];
  if (place !== undefined) {
    const image = images[Number(place)];
    return image === undefined ? [] : [image];
  }
  const wanted = wholeName(tag);
  return images.filter((image) => image.tags.some((one) => one === tag || wholeName(one) === wanted));
}

function wholeName(tag: string): string {
  try {
    return formatDockerName(parseDockerName(tag));
  } catch {
    return tag; // older tools write what is no name; it can still be asked for as it stands
  }
}

function readImage(name: string, item: unknown): DockerImage {
  if (!isRecord(item)) throw invalid(name, "has an entry that is not an object");
  const { Config, RepoTags, Layers } = item;
  if (typeof Config !== "string") throw invalid(name, "has an image without a Config");
  return { config: Config, tags: texts(RepoTags, name), layers: texts(Layers, name) };
}

function texts(value: unknown, name: string): readonly string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  throw invalid(name, "has a list that is not of texts");
}

function invalid(name: string, why: string): TransportError {
  return new TransportError("ARCHIVE_INVALID", `${name}: manifest.json ${why}`, { fields: { path: name } });
}
