import { TransportError } from "../errors.ts";
import type { AuthEntry } from "./auth-file.ts";
import { ANONYMOUS, basicCredential, bearerCredential, identityCredential } from "./credential.ts";
import type { Credential } from "./credential.ts";

/** What an entry of `auths` says; anonymous where it is empty, as it is when a helper keeps the secret. */
export function entryCredential(entry: AuthEntry, path: string): Credential {
  const account = accountOf(entry, path);
  if (entry.registrytoken) return bearerCredential(entry.registrytoken);
  if (entry.identitytoken) return identityCredential(entry.identitytoken, account?.username || undefined);
  return account === undefined ? ANONYMOUS : basicCredential(account.username, account.password);
}

/** `auth`: base64, with or without padding, of `username:password`; only the first colon parts them. */
export function encodeAuth(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`, "utf8").toString("base64");
}

function accountOf(entry: AuthEntry, path: string): { username: string; password: string } | undefined {
  if (entry.auth) {
    const text = Buffer.from(entry.auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) {
      throw new TransportError("AUTH_FILE", `${path} has an "auth" that is not base64 of NAME:PASSWORD`, {
        advice: "Log in again to replace it.",
        fields: { path },
      });
    }
    // Docker of old padded with NUL bytes.
    return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
  }
  if (entry.username) return { username: entry.username, password: entry.password ?? "" };
  return undefined;
}
