import type { Cancellable } from "@cooper/archive";
import { formatReference, parseReference } from "@cooper/oci";
import type { Descriptor, Digest, Reference } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import { openLayout } from "../layout/directory.ts";
import type { Selector, WritableRepository } from "../repository.ts";
import { openStore, storeName } from "../store/store.ts";
import { lookUp } from "./resolver.ts";
import type { PlaceOptions } from "./scheme.ts";

/** A repository whose names can be changed, and what a reference picks in it. */
interface Names {
  readonly repository: WritableRepository;
  /** What the reference names; a layout's needs none where there is only one image. */
  readonly selector: Selector;
  /** How the repository calls a tag. */
  readonly tagName: (tag: string) => string;
}

/**
 * The tags of the repository that a reference is in: of a registry, a layout or the store (there,
 * whole names). The reference's own tag does not matter. `UNSUPPORTED` for other places.
 */
export async function listTags(
  reference: string | Reference,
  options: PlaceOptions = {},
): Promise<readonly string[]> {
  const parsed = typeof reference === "string" ? parseReference(reference) : reference;
  return await withNames(parsed, options, async ({ repository }) => {
    const tags: string[] = [];
    for await (const tag of repository.tags(cancel(options))) tags.push(tag);
    return tags;
  });
}

/**
 * Gives what a reference names one more tag in the same place; a bare name is the store's if it is
 * there. Nothing but the manifest is sent. `NOT_FOUND`, and `UNSUPPORTED` for archives and engines.
 */
export async function addTag(
  reference: string | Reference,
  tag: string,
  options: PlaceOptions = {},
): Promise<Descriptor> {
  return await withNames(await lookUp(reference, options), options, async (names) => {
    const { repository, selector, tagName } = names;
    const descriptor = await repository.resolve(selector, cancel(options));
    const raw = await repository.manifest(descriptor, cancel(options));
    await repository.putManifest(raw, descriptor, { ...cancel(options), tag: tagName(tag), role: "image" });
    return descriptor;
  });
}

/**
 * Deletes what a reference names: with a digest the manifest, and so all its tags; without, the tag.
 * `NOT_FOUND`, and `UNSUPPORTED` where the place, or the registry, cannot delete.
 */
export async function deleteReference(
  reference: string | Reference,
  options: PlaceOptions = {},
): Promise<void> {
  await withNames(await lookUp(reference, options), options, async ({ repository, selector }) => {
    if ("digest" in selector) await repository.deleteManifest(selector.digest, cancel(options));
    else await repository.deleteTag(selector.tag, cancel(options));
  });
}

async function withNames<T>(
  reference: Reference,
  options: PlaceOptions,
  use: (names: Names) => Promise<T>,
): Promise<T> {
  const names = await openNames(reference, options);
  try {
    return await use(names);
  } finally {
    await names.repository.close();
  }
}

async function openNames(reference: Reference, options: PlaceOptions): Promise<Names> {
  const { scheme } = reference;
  if (scheme === "docker") {
    // undici takes longer to load than a layout's names to read.
    const { openRegistryRepository } = await import("../registry/repository.ts");
    return {
      repository: openRegistryRepository(reference, options.registry),
      selector: selectorOf(reference.digest, reference.tag ?? "latest"),
      tagName: (tag) => tag,
    };
  }
  if (scheme === "oci") {
    return {
      repository: await openLayout(reference.path, cancel(options)),
      selector: selectorOf(reference.digest, reference.tag ?? "latest"),
      tagName: (tag) => tag,
    };
  }
  if (scheme === "store") {
    return {
      repository: openStore(options),
      selector: selectorOf(reference.digest, storeName(reference)),
      tagName: (tag) => storeName({ name: reference.name, tag }),
    };
  }
  throw new TransportError("UNSUPPORTED", `the names in ${formatReference(reference)} cannot be changed`, {
    kind: "usage",
    fields: { scheme },
    advice: "They can in a registry (docker://), a layout (oci:) and Cooper's store (store:).",
  });
}

function selectorOf(digest: Digest | undefined, tag: string): Selector {
  return digest === undefined ? { tag } : { digest };
}

function cancel({ signal }: PlaceOptions): Cancellable {
  return { signal };
}
