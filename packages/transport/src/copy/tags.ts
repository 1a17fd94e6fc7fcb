import { formatReference, isTag, parseReference } from "@cooper/oci";
import type { Descriptor, DockerReference, LayoutReference, NamedReference, Reference } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import { listTags } from "../resolver/names.ts";
import { copy } from "./write.ts";
import type { CopyOptions } from "./write.ts";

export interface CopiedTag {
  readonly tag: string;
  /** What it names at the destination. */
  readonly descriptor: Descriptor;
}

/** Where several images lie under tags. */
type Tagged = DockerReference | LayoutReference | NamedReference;

/**
 * Copies every tag of a repository or a layout into another one, or into the store, with its tag, one
 * after another and in the order of their names; what two of them share is sent once. A failure
 * leaves those that were copied before it. The tags of the references do not matter.
 *
 * `UNSUPPORTED` for places that hold one image, and as `copy`.
 */
export async function copyTags(
  from: string | Reference,
  to: string | Reference,
  options: CopyOptions = {},
): Promise<readonly CopiedTag[]> {
  const source = requireTagged(from, ["docker", "oci"]);
  const destination = requireTagged(to, ["docker", "oci", "store"]);
  const tags = (await listTags(source, options)).toSorted();
  for (const tag of tags) if (destination.scheme !== "oci") requireTag(tag, destination);
  const copied: CopiedTag[] = [];
  for (const tag of tags) {
    const descriptor = await copy({ ...source, tag }, { ...destination, tag }, options);
    copied.push({ tag, descriptor });
  }
  return copied;
}

function requireTagged(reference: string | Reference, schemes: readonly Tagged["scheme"][]): Tagged {
  const parsed = typeof reference === "string" ? parseReference(reference) : reference;
  if (isTagged(parsed) && schemes.includes(parsed.scheme) && parsed.digest === undefined) return parsed;
  const text = formatReference(parsed);
  const isDigest = isTagged(parsed) && parsed.digest !== undefined;
  throw new TransportError(
    "UNSUPPORTED",
    isDigest ? `${text} names one image by its digest` : `${text} is no place with tags of its own`,
    {
      kind: "usage",
      fields: { scheme: parsed.scheme },
      advice: `All tags can be copied with ${schemes.map((scheme) => `${scheme}:`).join(", ")} here.`,
    },
  );
}

function isTagged(reference: Reference): reference is Tagged {
  return reference.scheme === "docker" || reference.scheme === "oci" || reference.scheme === "store";
}

/** A layout's tags can be more than those of a registry: all are looked at before one is copied. */
function requireTag(tag: string, destination: Tagged): void {
  if (isTag(tag)) return;
  throw new TransportError("INVALID_OPTIONS", `${JSON.stringify(tag)} cannot be a tag of a repository`, {
    kind: "usage",
    fields: { tag, destination: formatReference(destination) },
    advice: "Copy the tags that you need one by one, and give each a name there.",
  });
}
