import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { digestHex } from "@cooper/oci";
import { DistroError } from "../../errors.ts";
import { formatNixHash } from "../store/hash.ts";
import { storePathOf } from "../store/store-path.ts";
import type { Narinfo } from "./narinfo.ts";

/** Ed25519 keys by their name, `cache.example.org-1`. A name may have several. */
export type PublicKeys = ReadonlyMap<string, readonly KeyObject[]>;

/** Keys as nix.conf has them, `NAME:BASE64` each, with white space between. `KEY_INVALID` */
export function parsePublicKeys(text: string): PublicKeys {
  const keys = new Map<string, readonly KeyObject[]>();
  for (const word of text.split(/\s+/u)) {
    if (word === "") continue;
    const colon = word.indexOf(":");
    const bytes = Buffer.from(word.slice(colon + 1), "base64");
    if (colon < 1 || bytes.length !== 32) {
      throw new DistroError("KEY_INVALID", `${JSON.stringify(word.slice(0, 100))} is no public key of Nix`, {
        advice: "One is a name, a colon, and 32 bytes in base 64.",
      });
    }
    const name = word.slice(0, colon);
    const key = createPublicKey({
      format: "jwk",
      key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") },
    });
    keys.set(name, [...(keys.get(name) ?? []), key]);
  }
  return keys;
}

/** What is signed: path, hash and size of the archive, and the paths it refers to (Nix, ValidPathInfo::fingerprint). */
export function fingerprint({ path, narHash, narSize, references }: Narinfo): string {
  const paths = [...new Set(references.map(({ base }) => storePathOf(base)))].toSorted();
  return `1;${storePathOf(path.base)};${formatNixHash(digestHex(narHash))};${narSize};${paths.join(",")}`;
}

/**
 * The name of the key that signed this narinfo; one that is trusted suffices.
 * `INDEX_UNSIGNED`, `KEY_UNKNOWN`, `SIGNATURE_INVALID`
 */
export function checkSignature(narinfo: Narinfo, keys: PublicKeys): string {
  const { name } = narinfo.path;
  const signatures = narinfo.signatures.map(parseSignature).filter((signature) => signature !== undefined);
  if (signatures.length === 0) {
    throw new DistroError("INDEX_UNSIGNED", `the narinfo of ${name} carries no signature`, {
      advice: "Take it from a cache that signs what it holds.",
      fields: { path: narinfo.path.base },
    });
  }
  const known = signatures.filter((signature) => keys.has(signature.key));
  const names = (known.length > 0 ? known : signatures).map(({ key }) => key).join(", ");
  if (known.length === 0) {
    throw new DistroError("KEY_UNKNOWN", `${name} is signed by ${names}, which is not trusted`, {
      advice: "Put the cache's public key in trusted-public-keys of nix.conf, or give it with --keyring.",
      fields: { path: narinfo.path.base, keys: names },
    });
  }
  const signed = Buffer.from(fingerprint(narinfo));
  for (const { key, bytes } of known) {
    for (const publicKey of keys.get(key) ?? []) if (verify(null, signed, publicKey, bytes)) return key;
  }
  throw new DistroError(
    "SIGNATURE_INVALID",
    `the signature by ${names} does not fit the narinfo of ${name}`,
    {
      advice: "It was changed on its way, or another key has that name: compare the key with the cache's.",
      fields: { path: narinfo.path.base, keys: names },
    },
  );
}

/** A key's name cannot have a colon in it; a signature that is not one is as good as none. */
function parseSignature(text: string): { readonly key: string; readonly bytes: Buffer } | undefined {
  const colon = text.indexOf(":");
  const bytes = Buffer.from(text.slice(colon + 1), "base64");
  return colon < 1 || bytes.length !== 64 ? undefined : { key: text.slice(0, colon), bytes };
}
