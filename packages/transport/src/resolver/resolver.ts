import { formatPlatform, openContent, parseReference } from "@cooper/oci";
import type { Platform, Reference } from "@cooper/oci";
import type { Destination } from "../copy/destination.ts";
import { selectImage } from "../copy/platforms.ts";
import { TransportError } from "../errors.ts";
import { openStore, storeName } from "../store/store.ts";
import { PLACES } from "./places.ts";
import type { Found, Opened, PlaceOptions, Scheme } from "./scheme.ts";

export interface OpenOptions extends PlaceOptions {
  /** Of an index, the image for this platform. Default: the index as it is. */
  readonly platform?: Platform | undefined;
  /** Which platforms a maker is to make: what is found has those that it has. */
  readonly platforms?: readonly Platform[] | undefined;
  /** The table of schemes; default: the places of this package. */
  readonly resolver?: Resolver | undefined;
}

/** A table of schemes: every reference is read and written through one. */
export interface Resolver {
  readonly schemes: ReadonlyMap<string, Scheme>;
  /** What a reference names. A bare name is looked for in the store first. */
  open(reference: string | Reference, options?: OpenOptions): Promise<Opened>;
  /** Whether something can be written where a reference leads; what it says. For whoever has much to do first. */
  requireWritable(reference: string | Reference): Reference;
  /** Where a reference leads to, for writing. */
  create(reference: string | Reference, options?: PlaceOptions): Promise<Destination>;
}

/** A resolver for the places of this package and for further schemes, which win where names are equal. */
export function createResolver(further: readonly Scheme[] = []): Resolver {
  const schemes = new Map([...PLACES, ...further].map((scheme) => [scheme.name as string, scheme]));
  const resolver: Resolver = {
    schemes,
    open: async (given, options = {}) => {
      options.signal?.throwIfAborted();
      const reference = await lookUp(given, options);
      const scheme = rowOf(schemes, reference);
      if (scheme.open === undefined) {
        throw new TransportError("UNREADABLE_SCHEME", `${scheme.name}: references can only be written`, {
          kind: "usage",
        });
      }
      const found = await scheme.open(reference, {
        ...options,
        open: async (inner) => await resolver.open(inner, options),
      });
      const isFound = "repository" in found;
      const close = async (): Promise<void> => await (isFound ? found.repository.close() : found.close?.());
      try {
        const whole = isFound ? openContent(found.repository, found.descriptor) : found.content;
        const content = options.platform === undefined ? whole : await selectImage(whole, options);
        const descriptor =
          content === whole ? (isFound ? found.descriptor : undefined) : await content.descriptor(options);
        return {
          content,
          descriptor,
          reference,
          inputs: inputsOf(found, options.platform),
          close,
          ...(isFound ? { repository: found.repository } : {}),
        };
      } catch (error) {
        await close();
        throw error;
      }
    },
    requireWritable: (given) => {
      const reference = typeof given === "string" ? parseReference(given) : given;
      if (rowOf(schemes, reference).create === undefined) throw unwritable(reference, schemes);
      return reference;
    },
    create: async (given, options = {}) => {
      const reference = resolver.requireWritable(given);
      const scheme = rowOf(schemes, reference);
      if (scheme.create === undefined) throw unwritable(reference, schemes);
      return await scheme.create(reference, options);
    },
  };
  return resolver;
}

const DEFAULT_RESOLVER = createResolver();

export function resolverOf({ resolver }: { readonly resolver?: Resolver | undefined }): Resolver {
  return resolver ?? DEFAULT_RESOLVER;
}

/**
 * Opens what a reference names, wherever it is or however it is made. Errors are those of the place:
 * `NOT_FOUND`, `REFERENCE_AMBIGUOUS`, `UNKNOWN_SCHEME`, `UNREADABLE_SCHEME` and the rest.
 */
export async function openReference(
  reference: string | Reference,
  options: OpenOptions = {},
): Promise<Opened> {
  return await resolverOf(options).open(reference, options);
}

function inputsOf(found: Found, platform: Platform | undefined): string | undefined {
  const inputs = "repository" in found ? found.descriptor.digest : found.inputs;
  return inputs === undefined || platform === undefined
    ? inputs
    : `${inputs} for ${formatPlatform(platform)}`;
}

function rowOf(schemes: ReadonlyMap<string, Scheme>, reference: Reference): Scheme {
  const scheme = schemes.get(reference.scheme);
  if (scheme !== undefined) return scheme;
  throw new TransportError("UNKNOWN_SCHEME", `${reference.scheme}: references are not known here`, {
    kind: "usage",
    fields: { scheme: reference.scheme },
    advice: `These are: ${[...schemes.keys()].join(", ")}.`,
  });
}

/** A name without a scheme means the store's image where there is one, else the registry's. */
export async function lookUp(given: string | Reference, options: PlaceOptions): Promise<Reference> {
  if (typeof given !== "string") return given;
  const reference = parseReference(given);
  if (reference.scheme !== "docker" || given.startsWith("docker://")) return reference;
  const { host, repository, tag, digest } = reference;
  const stored = { scheme: "store", name: `${host}/${repository}`, tag, digest } as const;
  const store = openStore(options);
  const isStored = await (digest === undefined ? store.has(storeName(stored)) : store.holds(digest));
  return isStored ? stored : reference;
}

function unwritable({ scheme }: Reference, schemes: ReadonlyMap<string, Scheme>): TransportError {
  const others = [...schemes.values()].filter((each) => each.create !== undefined).map(({ name }) => name);
  return new TransportError("UNWRITABLE_SCHEME", `nothing can be written to ${scheme}:`, {
    kind: "usage",
    advice: `These can be written: ${others.join(", ")}.`,
  });
}
