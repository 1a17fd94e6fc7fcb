import type { Cancellable } from "@cooper/archive";
import { openContent } from "@cooper/oci";
import type { Descriptor, Digest } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import type { Repository } from "../repository.ts";
import type { Transfer } from "./transfer.ts";

/** Tags by which cosign and others hang something on a digest: `sha256-HEX.sig`. */
const DIGEST_TAG_SUFFIXES = [".sig", ".att", ".sbom"] as const;

export interface FollowOptions extends Cancellable {
  /** Whether manifests whose subject was copied come along. */
  readonly referrers: "copy" | "leave";
  /** Whether what hangs on a digest by a tag comes along. */
  readonly digestTags: "copy" | "leave";
}

/** Carries what speaks of the given manifests, and what speaks of that. */
export async function putFollowers(
  transfer: Transfer,
  source: Repository,
  digests: Iterable<Digest>,
  { referrers, digestTags, signal }: FollowOptions,
): Promise<void> {
  const pending = [...digests];
  const seen = new Set<Digest>(pending);
  const put = async (descriptor: Descriptor, tag?: string): Promise<void> => {
    if (seen.has(descriptor.digest) && tag === undefined) return;
    if (!seen.has(descriptor.digest)) pending.push(descriptor.digest);
    seen.add(descriptor.digest);
    await transfer.put(openContent(source, descriptor), { role: "image", tag });
  };
  for (let digest = pending.pop(); digest !== undefined; digest = pending.pop()) {
    if (referrers === "copy") {
      for (const descriptor of await source.referrers(digest, { signal })) await put(descriptor);
    }
    if (digestTags === "copy") {
      for (const suffix of DIGEST_TAG_SUFFIXES) {
        const tag = `${digest.replace(":", "-")}${suffix}`;
        const descriptor = await findTag(source, tag, { signal });
        if (descriptor !== undefined) await put(descriptor, tag);
      }
    }
  }
}

async function findTag(
  source: Repository,
  tag: string,
  options: Cancellable,
): Promise<Descriptor | undefined> {
  try {
    return await source.resolve({ tag }, options);
  } catch (error) {
    if (isFault(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
