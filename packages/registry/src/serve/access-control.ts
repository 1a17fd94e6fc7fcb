import type { IncomingMessage } from "node:http";
import { openHtpasswd } from "../auth/htpasswd.ts";
import type { Htpasswd } from "../auth/htpasswd.ts";
import { parseRules } from "../auth/rules.ts";
import type { Allows } from "../auth/rules.ts";
import { foreignTokenReader, signedTokenBook } from "../auth/signed-tokens.ts";
import { createTokenService, TOKEN_PATH, tokenAuthorization } from "../auth/tokens.ts";
import { userAuthorization } from "../auth/users.ts";
import { clientReader } from "../http/client.ts";
import type { RegistryOptions } from "../options.ts";
import type { Log } from "./log/log.ts";
import type { ServeSettings } from "./settings/schema.ts";

/** Who may do what, as the settings say. `CONFIG_INVALID` */
export type AccessControl = Pick<RegistryOptions, "authorize" | "tokens">;

/** Without a word on it everybody may do everything; with users, those may, and nobody else anything. */
export async function accessControl(settings: ServeSettings, log: Log): Promise<AccessControl> {
  const { authUsers, authRealm, authRules, tokenUrl, tokenPublicKeys, tokenKey } = settings;
  const { tokenIssuer: issuer, tokenService: service, tokenTime } = settings;
  if (tokenUrl !== undefined && tokenPublicKeys !== undefined) {
    const book = await foreignTokenReader(tokenPublicKeys, { issuer, service });
    return { authorize: tokenAuthorization({ service, book, realm: () => tokenUrl }) };
  }
  if (authUsers === undefined && authRules.length === 0 && tokenKey === undefined) return {};

  const authenticate = authUsers === undefined ? undefined : openUsers(authUsers, log).authenticate;
  const allows = rulesOf(settings);
  if (tokenKey === undefined) {
    return { authorize: userAuthorization({ realm: authRealm, authenticate, allows }) };
  }
  const book = await signedTokenBook(tokenKey, { issuer, service });
  return {
    tokens: createTokenService({
      service,
      book,
      authenticate,
      allow: allows,
      lifetimeSeconds: tokenTime,
      realm: realmOf(settings),
    }),
  };
}

function rulesOf({ authRules, authGroups, authUsers }: ServeSettings): Allows {
  const usual = authUsers === undefined ? [] : ["@users all **"];
  return parseRules({ rules: authRules.length === 0 ? usual : authRules, groups: authGroups });
}

function openUsers(path: string, log: Log): Htpasswd {
  return openHtpasswd({
    path,
    onFault: (error) => log("error", "The file of users has changed and cannot be used", { error }),
  });
}

/** Where clients get tokens: the registry as they know it. */
function realmOf({ publicUrl, proxies }: ServeSettings): (request: IncomingMessage) => string {
  const readClient = clientReader(proxies);
  return (request) => {
    const origin = publicUrl ?? `${readClient(request).scheme}://${request.headers.host ?? "localhost"}`;
    return `${origin}${TOKEN_PATH}`;
  };
}
