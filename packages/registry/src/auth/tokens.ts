import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { collect } from "@cooper/archive";
import { RegistryError } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import { bodyOf } from "../http/body.ts";
import { quoted } from "./authorize.ts";
import type { Access, Authorize } from "./authorize.ts";
import { basicCredentials } from "./basic.ts";
import type { Credentials } from "./basic.ts";
import { parseScopes, scopeFor } from "./scope.ts";
import type { Scope } from "./scope.ts";

export interface TokenOptions {
  /** Whose tokens these are. Default "cooper". */
  readonly service?: string | undefined;
  /** Whether these are somebody's credentials. */
  readonly authenticate: (credentials: Credentials) => boolean | Promise<boolean>;
  /** Whether this user, or a visitor without a name, may do this. Default: any user anything, others nothing. */
  readonly allow?: ((username: string | undefined, access: Access) => boolean) | undefined;
  /** How long a token holds: seconds, default 300. */
  readonly lifetimeSeconds?: number | undefined;
}

/** Gives out tokens at `/token` and takes them. They are kept in memory, and hold for one process. */
export interface TokenService {
  readonly authorize: Authorize;
  /** Answers a request for a token: GET with Basic credentials or without, or POST as OAuth 2 does. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export const TOKEN_PATH = "/token";

interface Grant {
  readonly username: string | undefined;
  readonly scopes: readonly Scope[];
  readonly expires: number;
}

const MAX_FORM_BYTES = 64 * 1024;

/** Docker's token authentication, both ways: for tests of clients, and for a registry of one process. */
export function createTokenService(options: TokenOptions): TokenService {
  const { service = "cooper", authenticate, lifetimeSeconds = 300 } = options;
  const allow = options.allow ?? ((username) => username !== undefined);
  const grants = new Map<string, Grant>();
  const refreshing = new Map<string, string>();

  const authorize: Authorize = (request, access) => {
    const [, token] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
    const grant = token === undefined ? undefined : grants.get(token);
    if (grant !== undefined && grant.expires > Date.now() && covers(grant, access))
      return { verdict: "allow", username: grant.username };
    const scope = scopeFor(access);
    const error =
      token === undefined ? undefined : grant === undefined ? "invalid_token" : "insufficient_scope";
    const parts = { realm: `${originOf(request)}${TOKEN_PATH}`, service, scope, error };
    const challenge = Object.entries(parts)
      .filter((part): part is [string, string] => part[1] !== undefined)
      .map(([key, value]) => `${key}=${quoted(value)}`);
    return { verdict: "challenge", challenge: `Bearer ${challenge.join(",")}` };
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readForm(request);
    const username = await identify(request, form);
    const scopes = parseScopes(form.getAll("scope")).map(({ repository, actions }) => ({
      repository,
      actions: actions.filter((action) => allow(username, { action, repository })),
    }));
    for (const [token, grant] of grants) if (grant.expires <= Date.now()) grants.delete(token);
    const token = randomBytes(32).toString("base64url");
    grants.set(token, { username, scopes, expires: Date.now() + lifetimeSeconds * 1000 });
    answerJson(
      response,
      200,
      { "Cache-Control": "no-store" },
      {
        token,
        access_token: token,
        expires_in: lifetimeSeconds,
        issued_at: new Date().toISOString(),
        ...(username !== undefined && wantsRefreshToken(form)
          ? { refresh_token: refreshToken(username) }
          : {}),
      },
    );
  }

  /** Who asks; `undefined` for a visitor without a name. `UNAUTHORIZED` if they are not who they say. */
  async function identify(request: IncomingMessage, form: URLSearchParams): Promise<string | undefined> {
    if (form.get("grant_type") === "refresh_token") {
      const username = refreshing.get(form.get("refresh_token") ?? "");
      if (username === undefined) throw wrongCredentials();
      return username;
    }
    const username = form.get("username");
    const credentials =
      request.method === "POST" && username !== null
        ? { username, password: form.get("password") ?? "" }
        : basicCredentials(request);
    if (credentials === undefined) return undefined;
    if (!(await authenticate(credentials))) throw wrongCredentials();
    return credentials.username;
  }

  function refreshToken(username: string): string {
    const token = randomBytes(32).toString("base64url");
    refreshing.set(token, username);
    return token;
  }

  return { authorize, handle };
}

function covers({ scopes, username }: Grant, { action, repository }: Access): boolean {
  if (action === "enter") return username !== undefined || scopes.length > 0;
  return scopes.some((scope) => scope.repository === repository && scope.actions.includes(action));
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (request.method === "POST")
    return new URLSearchParams((await collect(bodyOf(request), { limit: MAX_FORM_BYTES })).toString());
  const [, query = ""] = (request.url ?? "").split("?", 2);
  return new URLSearchParams(query);
}

function wantsRefreshToken(form: URLSearchParams): boolean {
  return form.get("offline_token") === "true" || form.get("access_type") === "offline";
}

/** The registry as the client names it; a client that lies in `Host` only misleads itself. */
function originOf(request: IncomingMessage): string {
  const scheme = "encrypted" in request.socket ? "https" : "http";
  return `${scheme}://${request.headers.host ?? "localhost"}`;
}

function wrongCredentials(): RegistryError {
  return new RegistryError("UNAUTHORIZED", "the credentials are wrong");
}
