import type { Cancellable } from "@cooper/archive";
import type { Descriptor } from "../descriptor.ts";
import type { Content } from "../model.ts";
import { requireOci } from "./parts.ts";
import type { ImageParts } from "../image-parts.ts";
import type { IndexParts } from "../index-parts.ts";
import { composeImage, partsOf } from "../image-parts.ts";
import { composeIndex, indexPartsOf } from "../index-parts.ts";
import type { Changed } from "./scope.ts";

/**
 * Says which manifest this one is about (image-spec, manifest.md, subject): this image or this index
 * itself, not the images in it. Undefined takes it away. Docker's media types have no subject
 * (`UNREPRESENTABLE`).
 */
export function withSubject<Given extends Content>(
  content: Given,
  subject: Content | Descriptor | undefined,
): Changed<Given>;
export function withSubject(content: Content, subject: Content | Descriptor | undefined): Content {
  return content.kind === "image"
    ? composeImage(content.mediaType, async (options) => ({
        parts: await about(await partsOf(content, options), subject, options),
      }))
    : composeIndex(content.mediaType, async (options) => ({
        parts: await about(await indexPartsOf(content, options), subject, options),
      }));
}

async function about<Parts extends ImageParts | IndexParts>(
  parts: Parts,
  subject: Content | Descriptor | undefined,
  options: Cancellable,
): Promise<Parts> {
  requireOci(parts, "a subject");
  const { subject: _subject, ...manifest } = parts.manifest;
  if (subject === undefined) return { ...parts, manifest };
  const { mediaType, digest, size } = "kind" in subject ? await subject.descriptor(options) : subject;
  return { ...parts, manifest: { ...manifest, subject: { mediaType, digest, size } } };
}
