import { inspect } from "node:util";

/**
 * Who asks. Printed or turned into JSON it shows no secret.
 *
 * `identity`: a long-lived token that is traded for short ones (Docker's `identitytoken`).
 * `bearer`: a token that is sent as it is (Docker's `registrytoken`).
 */
export type Credential =
  | { readonly kind: "anonymous" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "identity"; readonly token: string; readonly username?: string | undefined }
  | { readonly kind: "bearer"; readonly token: string };

export const ANONYMOUS: Credential = { kind: "anonymous" };

export function basicCredential(username: string, password: string): Credential {
  return discreet({ kind: "basic", username, password });
}

export function identityCredential(token: string, username?: string): Credential {
  return discreet({ kind: "identity", token, username });
}

export function bearerCredential(token: string): Credential {
  return discreet({ kind: "bearer", token });
}

/** `Authorization` for Basic (RFC 7617); its text is UTF-8. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

/** The texts that must not show in an error or a log. */
export function secretsOf(credential: Credential): readonly string[] {
  if (credential.kind === "anonymous") return [];
  if (credential.kind !== "basic") return [credential.token];
  const { username, password } = credential;
  return [password, basicHeader(username, password).slice("Basic ".length)];
}

function discreet<T extends Credential>(credential: T): T {
  const { kind } = credential;
  const shown = (): object => ({ kind, secret: "(hidden)" });
  return Object.defineProperties(credential, {
    toJSON: { value: shown, enumerable: false },
    [inspect.custom]: { value: shown, enumerable: false },
  });
}
