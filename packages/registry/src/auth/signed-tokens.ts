import { createPrivateKey, createPublicKey, randomUUID, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { calculateJwkThumbprint, decodeProtectedHeader, errors, exportJWK, jwtVerify, SignJWT } from "jose";
import type { JWTPayload } from "jose";
import { z } from "zod";
import { RegistryError } from "../errors.ts";
import { parseScopes } from "./scope.ts";
import type { Scope } from "./scope.ts";
import type { Grant, TokenBook } from "./tokens.ts";

export interface SignedTokenOptions {
  /** Who gives tokens out: `iss`. */
  readonly issuer: string;
  /** For whom they are: `aud`. */
  readonly service: string;
}

type Algorithm = "ES256" | "ES384" | "EdDSA" | "RS256";

/** A key, and the one algorithm that it is good for: that a token names another one must not matter. */
interface TokenKey {
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
}

/** Clocks of two machines may be so far apart: seconds. */
const CLOCK_SECONDS = 30;
const MAX_TOKEN_LENGTH = 16 * 1024;
const MIN_RSA_BITS = 2048;

const accessClaim = z.array(
  z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()).nullish() }),
);

/**
 * Tokens as Docker's token authentication has them: JWTs, signed with a private key in PEM, so that every process
 * that has the key takes what the others gave out. `CONFIG_INVALID`
 */
export async function signedTokenBook(keyFile: string, options: SignedTokenOptions): Promise<TokenBook> {
  const key = readKey(keyFile, () => createPrivateKey(readFileSync(keyFile)));
  const { algorithm } = tokenKey(key, keyFile);
  const publicKey = { key: createPublicKey(key), algorithm };
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey.key));
  return {
    issue: async ({ username, scopes, expires }) => {
      const access = scopes.map(({ repository, actions }) =>
        repository === undefined
          ? { type: "registry", name: "catalog", actions: actions.includes("list") ? ["*"] : [] }
          : { type: "repository", name: repository, actions },
      );
      return await new SignJWT({ access })
        .setProtectedHeader({ alg: algorithm, typ: "JWT", kid })
        .setIssuer(options.issuer)
        .setAudience(options.service)
        .setSubject(username ?? "")
        .setJti(randomUUID())
        .setIssuedAt()
        .setNotBefore("-5s")
        .setExpirationTime(Math.floor(expires / 1000))
        .sign(key);
    },
    read: async (token) => await readToken(token, [publicKey], options),
  };
}

/**
 * Takes the tokens of another service, whose public keys are in a file: certificates or keys in PEM, or a JSON Web
 * Key Set. `CONFIG_INVALID`
 */
export async function foreignTokenReader(
  keysFile: string,
  options: SignedTokenOptions,
): Promise<Pick<TokenBook, "read">> {
  const keys = await readPublicKeys(keysFile);
  return { read: async (token) => await readToken(token, keys, options) };
}

/**
 * What a token grants, if one of the keys signed it for us and it holds now. Of its header nothing is
 * believed but which algorithm it claims: `kid`, `jwk`, `jku` and `x5c` are the sender's words.
 */
async function readToken(
  token: string,
  keys: readonly TokenKey[],
  { issuer, service }: SignedTokenOptions,
): Promise<Grant | undefined> {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const claimed = algorithmOf(token);
  for (const { key, algorithm } of keys.filter((candidate) => candidate.algorithm === claimed)) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        issuer,
        audience: service,
        clockTolerance: CLOCK_SECONDS,
        requiredClaims: ["exp"],
      });
      return grantOf(payload);
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return undefined;
}

function algorithmOf(token: string): unknown {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return undefined; // not a token at all, which is nothing to tell anybody
  }
}

function grantOf({ sub, exp, access }: JWTPayload): Grant | undefined {
  const entries = accessClaim.safeParse(access ?? []).data;
  if (entries === undefined || exp === undefined) return undefined;
  const scopes = entries.flatMap(({ type, name, actions }): readonly Scope[] =>
    parseScopes([`${type}:${name}:${(actions ?? []).join(",")}`]),
  );
  return { username: sub === undefined || sub === "" ? undefined : sub, scopes, expires: exp * 1000 };
}

async function readPublicKeys(path: string): Promise<readonly TokenKey[]> {
  const text = readKey(path, () => readFileSync(path, "utf8"));
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g) ?? [];
  const fromPem = blocks.map((block) =>
    readKey(path, () =>
      block.includes("CERTIFICATE") ? new X509Certificate(block).publicKey : createPublicKey(block),
    ),
  );
  const keys = fromPem.length > 0 ? fromPem : await readKeySet(text, path);
  if (keys.length === 0) throw invalid(`${path} has no key by which a token could be checked`);
  return keys.map((key) => tokenKey(key, path));
}

const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

async function readKeySet(text: string, path: string): Promise<readonly KeyObject[]> {
  const set = keySet.safeParse(readKey(path, () => JSON.parse(text) as unknown)).data;
  if (set === undefined) throw invalid(`${path} holds neither PEM nor a JSON Web Key Set`);
  const keys: KeyObject[] = [];
  for (const jwk of set.keys) {
    if (jwk["kty"] === "oct")
      throw invalid(`${path} holds a secret key, and tokens are checked with public ones`);
    keys.push(readKey(path, () => createPublicKey({ key: jwk, format: "jwk" })));
  }
  return keys;
}

function readKey<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RegistryError("CONFIG_INVALID", `the key in ${path} cannot be used: ${why}`, {
      kind: "usage",
      cause: error,
    });
  }
}

function tokenKey(key: KeyObject, path: string): TokenKey {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ed25519") return { key, algorithm: "EdDSA" };
  if (type === "ec" && details?.namedCurve === "prime256v1") return { key, algorithm: "ES256" };
  if (type === "ec" && details?.namedCurve === "secp384r1") return { key, algorithm: "ES384" };
  if (type === "rsa" && (details?.modulusLength ?? 0) >= MIN_RSA_BITS) return { key, algorithm: "RS256" };
  throw invalid(
    `the key in ${path} is of a kind that tokens are not signed with here: Ed25519, P-256, P-384 or RSA of 2048 bits`,
  );
}

function invalid(message: string): RegistryError {
  return new RegistryError("CONFIG_INVALID", message, {
    kind: "usage",
    advice:
      "openssl genpkey -algorithm ed25519 makes a key to sign with, openssl pkey -pubout the public part.",
  });
}
