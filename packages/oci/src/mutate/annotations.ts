import type { Cancellable } from "@cooper/archive";
import type { Descriptor } from "../descriptor.ts";
import { OciError } from "../errors.ts";
import type { ImageParts } from "../image-parts.ts";
import type { IndexEntry, IndexParts } from "../index-parts.ts";
import type { Content } from "../model.ts";
import { definedOf } from "./config.ts";
import { requireOci } from "./parts.ts";
import { changeContent, isChosen } from "./scope.ts";
import type { Changed, ContentChange, Scope } from "./scope.ts";

/**
 * Where annotations are written: in the `manifest` of each image, in the `index` itself, or in the
 * `descriptor` of each image: the index's entry or, of a single image, what names it.
 */
export type AnnotationPlace = "manifest" | "index" | "descriptor";

export type AnnotationChange = Readonly<Record<string, string | undefined>>;

export interface AnnotationOptions extends Scope {
  /** Default: the manifest of each image. */
  readonly on?: AnnotationPlace | undefined;
}

/**
 * Sets annotations; undefined removes one. Docker's media types have none (`UNREPRESENTABLE`), and a
 * single image is no index (`MEDIA_TYPE`).
 */
export function withAnnotations<Given extends Content>(
  content: Given,
  annotations: AnnotationChange,
  { on = "manifest", ...scope }: AnnotationOptions = {},
): Changed<Given> {
  if (on === "index" && content.kind === "image") {
    throw new OciError("MEDIA_TYPE", "an image has no index to annotate", {
      kind: "usage",
      advice: "Annotate its manifest.",
    });
  }
  return changeContent(content, changeOn(on, content, annotations, scope), scope);
}

function changeOn(
  on: AnnotationPlace,
  content: Content,
  annotations: AnnotationChange,
  scope: Scope,
): ContentChange {
  switch (on) {
    case "manifest":
      return { image: { parts: (parts) => annotateManifest(parts, annotations) } };
    case "index":
      return { index: { parts: (parts) => annotateManifest(parts, annotations) } };
    case "descriptor":
      // The images themselves stay as they are, and so does what attests them.
      return content.kind === "image"
        ? {
            image: { parts: (parts) => ({ ...parts, descriptor: annotated(parts.descriptor, annotations) }) },
          }
        : {
            index: {
              parts: async (parts, options) => await annotateEntries(parts, annotations, scope, options),
            },
          };
    default:
      return on satisfies never;
  }
}

function annotateManifest<Parts extends ImageParts | IndexParts>(
  parts: Parts,
  annotations: AnnotationChange,
): Parts {
  requireOci(parts, "annotations");
  return { ...parts, manifest: annotated(parts.manifest, annotations) };
}

async function annotateEntries(
  parts: IndexParts,
  annotations: AnnotationChange,
  scope: Scope,
  options: Cancellable,
): Promise<IndexParts> {
  requireOci(parts, "annotations");
  const entries: IndexEntry[] = [];
  for (const entry of parts.entries) {
    const isMeant = "content" in entry && (await isChosen(entry, scope, options));
    entries.push(isMeant ? { ...entry, rest: annotated(entry.rest, annotations) } : entry);
  }
  return { ...parts, entries };
}

function annotated<Document extends Pick<Descriptor, "annotations">>(
  document: Document,
  change: AnnotationChange,
): Document {
  return { ...document, annotations: definedOf({ ...document.annotations, ...change }) };
}
