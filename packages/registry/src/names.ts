import { HASH_HEX_LENGTH, isHashAlgorithm } from "@cooper/archive";
import type { HashAlgorithm } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { RegistryError } from "./errors.ts";

// distribution-spec, "Pulling manifests". Matched per component and not as one expression: the one
// in the specification backtracks badly on a long name with a bad end.
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const HEX = /^[0-9a-f]+$/;
const MAX_NAME_LENGTH = 255;

/** Whether `name` follows the grammar of repository names, and is short enough for every client. */
export function isRepositoryName(name: string): boolean {
  if (name.length > MAX_NAME_LENGTH) return false;
  return name.split("/").every((component) => COMPONENT.test(component));
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** The algorithm of a digest that this registry can store by. */
export function algorithmOf(digest: Digest): HashAlgorithm {
  const algorithm = digest.slice(0, digest.indexOf(":"));
  if (!isHashAlgorithm(algorithm)) throw unusableDigest(digest);
  return algorithm;
}

/** A digest that this registry can store by: sha256 or sha512, in lower case. `DIGEST_INVALID` */
export function storableDigest(text: string): Digest {
  if (isStorableDigest(text)) return text;
  throw unusableDigest(text);
}

/** Whether `storableDigest` would take it. */
export function isStorableDigest(text: string): text is Digest {
  const colon = text.indexOf(":");
  const algorithm = text.slice(0, Math.max(colon, 0));
  const hex = text.slice(colon + 1);
  return isHashAlgorithm(algorithm) && hex.length === HASH_HEX_LENGTH[algorithm] && HEX.test(hex);
}

function unusableDigest(text: string): RegistryError {
  return new RegistryError(
    "DIGEST_INVALID",
    `${JSON.stringify(text.slice(0, 200))} is not a digest of sha256 or sha512`,
    {
      advice: "A digest is sha256:<64 hexadecimal digits> or sha512:<128>, in lower case.",
    },
  );
}
