import type { Cancellable } from "@cooper/archive";
import type { Content, Descriptor, Format, Platform, Reference } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import type { Repository } from "../repository.ts";
import { type Resolver, resolverOf } from "../resolver/resolver.ts";
import type { PlaceOptions } from "../resolver/scheme.ts";
import { convert, type LayerCompressionOptions } from "./convert.ts";
import type { Destination } from "./destination.ts";
import type { TransferEvent } from "./event.ts";
import { putFollowers } from "./follow.ts";
import { choosePlatforms, selectImage } from "./platforms.ts";
import { Transfer } from "./transfer.ts";

/** Blobs on their way at once. */
const DEFAULT_PARALLEL = 4;

export interface WriteOptions extends PlaceOptions {
  readonly resolver?: Resolver | undefined;
  /** Of an index, only these. Default: all of them, and the index as it is. */
  readonly platforms?: readonly Platform[] | undefined;
  /** Gives manifests and layers other media types, and so other digests. Default: as they are. */
  readonly format?: Format | undefined;
  /** Compresses the layers anew, which gives other digests. Default: as they are. */
  readonly compression?: LayerCompressionOptions | undefined;
  /**
   * Whether layers whose media type says that registries may not hold them are carried. Default
   * `skip`: not into a registry, and elsewhere only where the source has them.
   */
  readonly foreignLayers?: "skip" | "copy" | undefined;
  /** Blobs at once; default 4. */
  readonly parallel?: number | undefined;
  readonly onEvent?: ((event: TransferEvent) => void) | undefined;
}

export interface CopyOptions extends WriteOptions {
  /** Whether manifests that refer to what is copied come along: signatures, SBOMs. Default `leave`. */
  readonly referrers?: "copy" | "leave" | undefined;
  /** Whether `sha256-….sig` and the like come along. Default `leave`. */
  readonly digestTags?: "copy" | "leave" | undefined;
}

/**
 * Writes content to where a reference leads. What is named is written before what names it, the tag
 * last; layers that are there already are not read, those still to be made are made once. A failure
 * leaves nothing visible that is not whole, and the next run uses the blobs that arrived.
 *
 * Gives the descriptor that it has there. Errors are those of the source and of the destination, and
 * `DESTINATION_DIGEST` where the reference names another digest.
 */
export async function write(
  content: Content,
  reference: string | Reference,
  options: WriteOptions = {},
): Promise<Descriptor> {
  return await writeFrom(content, reference, options, {});
}

/** Writes content to a destination that is open, which this finishes or abandons. As `write`. */
export async function writeTo(
  content: Content,
  destination: Destination,
  options: WriteOptions = {},
): Promise<Descriptor> {
  return await carry(content, destination, options, {});
}

/** Copies what one reference names to another. As `write`. */
export async function copy(
  from: string | Reference,
  to: string | Reference,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const { platforms = [] } = options;
  const [platform] = platforms;
  const opened = await resolverOf(options).open(from, {
    ...options,
    ...(platforms.length === 1 ? { platform } : {}),
  });
  try {
    const { content, repository, reference } = opened;
    return await writeFrom(content, to, options, { repository, reference });
  } finally {
    await opened.close();
  }
}

interface Origin {
  readonly repository?: Repository | undefined;
  readonly reference?: Reference | undefined;
}

async function writeFrom(
  content: Content,
  to: string | Reference,
  options: CopyOptions,
  origin: Origin,
): Promise<Descriptor> {
  const { referrers = "leave", digestTags = "leave" } = options;
  const follows = referrers === "copy" || digestTags === "copy";
  if (follows && isConverting(options)) {
    throw new TransportError("INVALID_OPTIONS", "what refers to an image names the digest it had before", {
      kind: "usage",
      advice: "Convert the image without its referrers, or copy it as it is.",
    });
  }
  return await carry(content, await resolverOf(options).create(to, options), options, origin);
}

async function carry(
  content: Content,
  destination: Destination,
  options: CopyOptions,
  origin: Origin,
): Promise<Descriptor> {
  const { referrers = "leave", digestTags = "leave", signal } = options;
  const follows = referrers === "copy" || digestTags === "copy";
  try {
    const adapted = await adapt(content, destination, options);
    const transfer = new Transfer(
      { ...destination, mountFrom: mountFrom(origin.reference, destination) },
      {
        parallel: options.parallel ?? DEFAULT_PARALLEL,
        foreignLayers: options.foreignLayers ?? "skip",
        onEvent: options.onEvent ?? (() => {}),
        source: origin.repository,
        signal,
      },
    );
    const root = await transfer.put(adapted, {
      role: "image",
      tag: destination.tag,
      beforeManifest: async (descriptor) => {
        checkDigest(descriptor, destination);
        if (!follows || origin.repository === undefined) return;
        const digests = [...transfer.manifests, descriptor.digest];
        await putFollowers(transfer, origin.repository, digests, { referrers, digestTags, signal });
      },
    });
    await destination.finish(root);
    return root;
  } catch (error) {
    await destination.abandon();
    throw error;
  }
}

async function adapt(content: Content, destination: Destination, options: WriteOptions): Promise<Content> {
  const { signal, platforms = [], format, compression } = options;
  const cancel: Cancellable = { signal };
  let adapted = await choosePlatforms(content, platforms, cancel);
  if (destination.takes === "one-image" && adapted.kind === "index") {
    if (platforms.length > 1) {
      throw new TransportError("SEVERAL_IMAGES", `${destination.repository.name} takes one image`, {
        kind: "usage",
        advice: "Choose one platform.",
      });
    }
    adapted = await selectImage(adapted, cancel);
  }
  adapted = convert(adapted, { format, compression });
  if (destination.adapt === undefined || adapted.kind === "index") return adapted;
  return await destination.adapt(adapted, cancel);
}

function isConverting({ format, compression }: WriteOptions): boolean {
  return format !== undefined || compression !== undefined;
}

function checkDigest({ digest }: Descriptor, destination: Destination): void {
  if (destination.digest === undefined || destination.digest === digest) return;
  throw new TransportError(
    "DESTINATION_DIGEST",
    `${destination.repository.name}: the reference says ${destination.digest}, but the image is ${digest}`,
    {
      fields: { expected: destination.digest, actual: digest },
      advice: "Leave the digest out, or copy without converting.",
    },
  );
}

/** Blobs can be mounted between repositories of one registry (distribution-spec, "Mounting a blob"). */
function mountFrom(from: Reference | undefined, { repository }: Destination): string | undefined {
  if (from?.scheme !== "docker" || !("host" in repository) || !("repository" in repository)) return undefined;
  return repository.host === from.host && repository.repository !== from.repository
    ? from.repository
    : undefined;
}
