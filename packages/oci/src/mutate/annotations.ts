import type { Descriptor } from "../descriptor.ts";
import { OciError } from "../errors.ts";
import type { Content } from "../model.ts";
import { definedOf } from "./config.ts";
import { requireOci } from "./parts.ts";
import { changeContent } from "./scope.ts";
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
  return changeContent(content, CHANGES[on](annotations), scope);
}

const CHANGES: Readonly<Record<AnnotationPlace, (annotations: AnnotationChange) => ContentChange>> = {
  manifest: (annotations) => ({
    image: {
      parts: (parts) => {
        requireOci(parts, "annotations");
        return { ...parts, manifest: annotated(parts.manifest, annotations) };
      },
    },
  }),
  index: (annotations) => ({
    index: {
      parts: (parts) => {
        requireOci(parts, "annotations");
        return { ...parts, manifest: annotated(parts.manifest, annotations) };
      },
    },
  }),
  descriptor: (annotations) => ({
    image: { parts: (parts) => ({ ...parts, descriptor: annotated(parts.descriptor, annotations) }) },
  }),
};

function annotated<Document extends Pick<Descriptor, "annotations">>(
  document: Document,
  change: AnnotationChange,
): Document {
  return { ...document, annotations: definedOf({ ...document.annotations, ...change }) };
}
