import type { Cancellable } from "@cooper/archive";
import type { Annotations } from "../descriptor.ts";
import type { Content } from "../model.ts";
import { platformsOf } from "../select.ts";

/** What an image says of the base that it was built on (image-spec, annotations.md). */
export interface BaseNote {
  /** A reference without a scheme, in a registry; its tag may have moved since. */
  readonly name: string;
  /** The manifest that it was then. */
  readonly digest: string;
}

/**
 * The bases that an image or an index says it was built on: one if it says so itself, or one for each
 * image of an index. Empty where one of them says nothing.
 */
export async function builtOn(content: Content, options: Cancellable = {}): Promise<readonly BaseNote[]> {
  const own = noteOf((await content.manifest(options)).annotations);
  if (own !== undefined) return [own];
  if (content.kind === "image") return [];
  const notes: BaseNote[] = [];
  for (const { image } of await platformsOf(content, options)) {
    const note = noteOf((await image.manifest(options)).annotations);
    if (note === undefined) return [];
    notes.push(note);
  }
  return notes;
}

function noteOf(annotations: Annotations | undefined): BaseNote | undefined {
  const name = annotations?.["org.opencontainers.image.base.name"];
  const digest = annotations?.["org.opencontainers.image.base.digest"];
  return name === undefined || digest === undefined ? undefined : { name, digest };
}
