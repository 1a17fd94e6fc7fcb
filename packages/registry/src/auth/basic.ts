import type { IncomingMessage } from "node:http";
import { quoted } from "./authorize.ts";
import type { Access, Authorize } from "./authorize.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface BasicOptions {
  /** What the client shows to its user. */
  readonly realm: string;
  /** Whether these are somebody's credentials, and this somebody may do this. */
  readonly check: (credentials: Credentials, access: Access) => boolean | Promise<boolean>;
}

/** Asks every visitor for a name and a password (RFC 7617). */
export function basicAuthorization({ realm, check }: BasicOptions): Authorize {
  return async (request, access) => {
    const credentials = basicCredentials(request);
    if (credentials !== undefined && (await check(credentials, access)))
      return { verdict: "allow", username: credentials.username };
    return { verdict: "challenge", challenge: `Basic realm=${quoted(realm)}, charset="UTF-8"` };
  };
}

/** The name and password of a request, if it has them. A password may have colons, a name may not. */
export function basicCredentials(request: IncomingMessage): Credentials | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/_=-]+) *$/i.exec(request.headers.authorization ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
