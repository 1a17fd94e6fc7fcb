import { createPublicKey, verify } from "node:crypto";
import type { Digest } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import type { Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { DistroError } from "../errors.ts";
import { digestOfIntegrity, integrityOf } from "./integrity.ts";
import { readPublished } from "./published.ts";
import { keysOf, type SigningKey, type SigningKeys } from "./signing-keys.ts";
import type { Registries } from "./registries.ts";
import { together } from "./together.ts";

/**
 * Checks what registries sign: that a package's version has just this tarball. Gives the ids of the keys
 * by each repository; none where a registry publishes no keys and none are given. What was checked
 * once is remembered.
 *
 * `INDEX_UNSIGNED`, `KEY_UNKNOWN`, `KEY_INVALID`, `INDEX_EXPIRED`, `SIGNATURE_INVALID`, `DIGEST_MISMATCH`
 */
export async function checkSignatures(
  { packages, repositories }: Pick<Solution, "packages" | "repositories">,
  registries: Registries,
  context: Context,
): Promise<readonly (readonly string[])[]> {
  const signedBy = repositories.map(() => new Set<string>());
  const keys = await together(context, (inner) =>
    repositories.map(async ({ path }) => await keysOf(registries.address(path), registries, inner)),
  );
  await together(context, (inner) =>
    packages.map(async (solved) => {
      const place = solved.repository;
      const address = registries.address(repositories[place]?.path ?? "");
      const known = keys[place];
      const by = known && (await checkOne(solved, { keys: known, address, registries }, inner));
      if (by !== undefined) signedBy[place]?.add(by);
    }),
  );
  return signedBy.map((ids) => [...ids].toSorted());
}

interface Checking {
  readonly keys: SigningKeys;
  readonly address: string;
  readonly registries: Registries;
}

async function checkOne(
  solved: SolvedPackage,
  { keys, address, registries }: Checking,
  context: Context,
): Promise<string | undefined> {
  const label = `${solved.name} ${solved.version}`;
  const record = `${label} ${solved.checksum} ${keys.digest}`;
  const known = recordSchema.safeParse(await context.cache.record("npm-signature", record));
  if (known.success) return known.data.by;
  try {
    const published = await readPublished(solved, address, registries, context);
    const by = await verifyOne(solved, published, keys, async () => await published.time());
    await context.cache.storeRecord("npm-signature", record, { by });
    return by;
  } catch (error) {
    if (context.signatures !== "unchecked" || !isFault(error, ...UNTRUSTED)) throw error;
    context.onEvent({ type: "warning", subject: label, message: error.message });
    return undefined;
  }
}

const UNTRUSTED = ["INDEX_UNSIGNED", "KEY_UNKNOWN", "KEY_INVALID", "INDEX_EXPIRED", "SIGNATURE_INVALID"];
const recordSchema = z.object({ by: z.string() });

interface Signed {
  readonly integrity: string | undefined;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** One key that is known suffices, as for a signed index. */
async function verifyOne(
  { name, version, checksum }: SolvedPackage,
  { integrity, signatures }: Signed,
  keys: SigningKeys,
  publishedAt: () => Promise<number | undefined>,
): Promise<string> {
  const label = `${name} ${version}`;
  const fields = { package: label };
  const digest: Digest = digestOfIntegrity(integrity, label);
  if (digest !== checksum) {
    throw new DistroError(
      "DIGEST_MISMATCH",
      `${label} has two hashes at the registry: one in each of its answers`,
      {
        advice: "Its index changed meanwhile, or somebody changes it on its way: try again.",
        fields,
      },
    );
  }
  if (signatures.length === 0) {
    throw new DistroError("INDEX_UNSIGNED", `${label} carries no signature of its registry`, {
      advice: "Ask for a version that has one, or allow what is not signed.",
      fields,
    });
  }
  const usable = signatures.flatMap(({ keyid, sig }) => {
    const key = keys.byId.get(keyid);
    return key === undefined ? [] : [{ key, sig }];
  });
  if (usable.length === 0) {
    const ids = signatures.map(({ keyid }) => keyid).join(", ");
    throw new DistroError("KEY_UNKNOWN", `${label} is signed by ${ids}, which is not trusted`, {
      advice: "Give the registry's keys with --keyring, or look whether it has new ones.",
      fields,
    });
  }
  // npm's own words: what `npm audit signatures` checks too.
  const message = Buffer.from(`${name}@${version}:${integrityOf(checksum)}`);
  const fitting = usable.find(({ key, sig }) => fits(key, message, sig));
  if (fitting === undefined) {
    throw new DistroError("SIGNATURE_INVALID", `the signature of ${label} does not fit its tarball's hash`, {
      advice:
        "The registry's index was changed on its way, or by a mirror: compare it with the registry's own.",
      fields,
    });
  }
  const { id, expires } = fitting.key;
  if (expires !== undefined) {
    const published = await publishedAt();
    // A key that is past its time still vouches for what it signed in its time.
    if (published === undefined || published >= expires) {
      throw new DistroError("INDEX_EXPIRED", `${label} is signed by ${id}, whose time was over by then`, {
        fields,
      });
    }
  }
  return id;
}

/** ECDSA over P-256 with SHA-256, in DER. */
function fits({ id, spki }: SigningKey, message: Buffer, signature: string): boolean {
  let key;
  try {
    key = createPublicKey({ key: spki, format: "der", type: "spki" });
  } catch (cause) {
    throw new DistroError("KEY_INVALID", `the key ${id} is none`, { cause, fields: { key: id } });
  }
  return key.asymmetricKeyType === "ec" && verify("sha256", message, key, Buffer.from(signature, "base64"));
}
