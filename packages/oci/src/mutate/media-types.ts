import { OciError } from "../errors.ts";
import { isConfigType, MEDIA_TYPES } from "../media-types.ts";
import type { Format } from "../media-types.ts";
import type { ImageParts } from "../image-parts.ts";
import type { IndexParts } from "../index-parts.ts";
import type { Content } from "../model.ts";
import { configOf, convertLayer } from "./parts.ts";
import { changeContent } from "./scope.ts";
import type { Changed, Scope } from "./scope.ts";

/**
 * Gives manifests, indexes, configs and layers the media types of one family; bytes of configs and
 * layers stay as they are. What is of that family already keeps its digest. To Docker's family,
 * annotations, subjects and zstd layers cannot come along: `UNREPRESENTABLE`.
 */
export function withMediaTypes<Given extends Content>(
  content: Given,
  format: Format,
  scope: Scope = {},
): Changed<Given> {
  const { manifest, index } = MEDIA_TYPES[format];
  return changeContent(
    content,
    {
      image: { mediaType: manifest, parts: (parts) => convertImage(parts, format) },
      index: { mediaType: index, parts: (parts) => convertIndex(parts, format) },
    },
    scope,
  );
}

function convertImage(parts: ImageParts, format: Format): ImageParts {
  const { manifest: mediaType, config: configType } = MEDIA_TYPES[format];
  const { configDescriptor } = parts;
  const layers = parts.layers.map((layer) => convertLayer(layer, format));
  const isSame =
    parts.mediaType === mediaType &&
    configDescriptor.mediaType === configType &&
    layers.every((layer, i) => layer === parts.layers[i]);
  if (isSame) return parts;
  // Refuses artifacts, whose config has no other name.
  if (!isConfigType(configDescriptor.mediaType)) configOf(parts);
  if (format === "docker") requirePlain(parts);
  return {
    ...parts,
    mediaType,
    manifest: { ...parts.manifest, mediaType },
    configDescriptor: { ...configDescriptor, mediaType: configType },
    layers,
  };
}

function convertIndex(parts: IndexParts, format: Format): IndexParts {
  const mediaType = MEDIA_TYPES[format].index;
  if (parts.mediaType === mediaType) return parts;
  if (format === "docker") requirePlain(parts);
  return { ...parts, mediaType, manifest: { ...parts.manifest, mediaType } };
}

function requirePlain({ manifest }: ImageParts | IndexParts): void {
  const { annotations = {}, subject, artifactType } = manifest;
  const what = [
    ...(Object.keys(annotations).length === 0 ? [] : ["annotations"]),
    ...(subject === undefined ? [] : ["a subject"]),
    ...(artifactType === undefined ? [] : ["an artifactType"]),
  ];
  if (what.length === 0) return;
  throw new OciError("UNREPRESENTABLE", `Docker's media types have no place for ${what.join(" and ")}`, {
    advice: "Take them away first, or keep the OCI media types.",
  });
}
