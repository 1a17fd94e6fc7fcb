import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { collect } from "@cooper/archive";
import { RegistryError } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import { bodyOf } from "../http/body.ts";
import { quoted } from "./authorize.ts";
import type { Access, Action, Authorize } from "./authorize.ts";
import { basicCredentials } from "./basic.ts";
import type { Credentials } from "./basic.ts";
import type { Allows } from "./rules.ts";
import { parseScopes, scopeFor } from "./scope.ts";
import type { Scope } from "./scope.ts";

export interface TokenOptions {
  /** Whose tokens these are. Default "cooper". */
  readonly service?: string | undefined;
  /** Whether these are somebody's credentials; without it nobody has a name. */
  readonly authenticate?: ((credentials: Credentials) => boolean | Promise<boolean>) | undefined;
  /** Whether this user, or a visitor without a name, may do this. Default: any user anything, others nothing. */
  readonly allow?: Allows | undefined;
  /** How long a token holds: seconds, default 300. */
  readonly lifetimeSeconds?: number | undefined;
  /** What tokens are; default: random numbers, which this process alone remembers. */
  readonly book?: TokenBook | undefined;
  /** Where clients get tokens; default: `/token` of the host that they asked. */
  readonly realm?: ((request: IncomingMessage) => string) | undefined;
}

/** Gives out tokens at `/token` and takes them. */
export interface TokenService {
  readonly authorize: Authorize;
  /** Answers a request for a token: GET with Basic credentials or without, or POST as OAuth 2 does. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Makes tokens out of grants, and grants out of tokens. */
export interface TokenBook {
  /** A token for a grant, which holds as long as it says. */
  readonly issue: (grant: Grant) => string | Promise<string>;
  /** What a token grants; undefined for one that is none, not ours, or over. */
  readonly read: (token: string) => Grant | undefined | Promise<Grant | undefined>;
  /** Makes and takes tokens that stand for a password; without it clients keep the password. */
  readonly refresh?: { issue(username: string): string; read(token: string): string | undefined };
}

export interface Grant {
  readonly username: string | undefined;
  readonly scopes: readonly Scope[];
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export const TOKEN_PATH = "/token";

const MAX_FORM_BYTES = 64 * 1024;
/** More scopes than any client asks for; Docker asks for two. */
const MAX_SCOPES = 100;

/** Docker's token authentication, both ways. */
export function createTokenService(options: TokenOptions): TokenService {
  const { service = "cooper", authenticate, lifetimeSeconds = 300, book = memoryBook() } = options;
  const allow = options.allow ?? ((username) => username !== undefined);
  const authorize = tokenAuthorization({ service, book, realm: options.realm ?? ownRealm });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readForm(request);
    const username = await identify(request, form);
    const scopes = parseScopes(form.getAll("scope"))
      .slice(0, MAX_SCOPES)
      .map(({ repository, actions }) => ({
        repository,
        actions: withMaking(actions).filter((action) => allow(username, { action, repository })),
      }));
    const token = await book.issue({ username, scopes, expires: Date.now() + lifetimeSeconds * 1000 });
    answerJson(
      response,
      200,
      { "Cache-Control": "no-store" },
      {
        token,
        access_token: token,
        expires_in: lifetimeSeconds,
        issued_at: new Date().toISOString(),
        ...(username !== undefined && book.refresh !== undefined && wantsRefreshToken(form)
          ? { refresh_token: book.refresh.issue(username) }
          : {}),
      },
    );
  }

  /** Who asks; `undefined` for a visitor without a name. `UNAUTHORIZED` if they are not who they say. */
  async function identify(request: IncomingMessage, form: URLSearchParams): Promise<string | undefined> {
    if (form.get("grant_type") === "refresh_token") {
      const username = book.refresh?.read(form.get("refresh_token") ?? "");
      if (username === undefined) throw wrongCredentials();
      return username;
    }
    const username = form.get("username");
    const credentials =
      request.method === "POST" && username !== null
        ? { username, password: form.get("password") ?? "" }
        : basicCredentials(request);
    if (credentials === undefined) return undefined;
    if (authenticate === undefined || !(await authenticate(credentials))) throw wrongCredentials();
    return credentials.username;
  }

  return { authorize, handle };
}

export interface TokenAuthorizationOptions {
  readonly service: string;
  readonly book: Pick<TokenBook, "read">;
  /** Where clients get tokens. */
  readonly realm: (request: IncomingMessage) => string;
}

/** Takes tokens, whoever gave them out. */
export function tokenAuthorization({ service, book, realm }: TokenAuthorizationOptions): Authorize {
  return async (request, access) => {
    const [, token] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
    const grant = token === undefined ? undefined : await book.read(token);
    if (grant !== undefined && covers(grant, access)) return { verdict: "allow", username: grant.username };
    const scope = scopeFor(access);
    const error =
      token === undefined ? undefined : grant === undefined ? "invalid_token" : "insufficient_scope";
    const parts = { realm: realm(request), service, scope, error };
    const challenge = Object.entries(parts)
      .filter((part): part is [string, string] => part[1] !== undefined)
      .map(([key, value]) => `${key}=${quoted(value)}`);
    return { verdict: "challenge", challenge: `Bearer ${challenge.join(",")}` };
  };
}

/** Tokens that are random numbers, and are gone with the process. */
function memoryBook(): TokenBook {
  const grants = new Map<string, Grant>();
  const users = new Map<string, string>();
  return {
    issue: (grant) => {
      for (const [token, { expires }] of grants) if (expires <= Date.now()) grants.delete(token);
      const token = randomToken();
      grants.set(token, grant);
      return token;
    },
    read: (token) => {
      const grant = grants.get(token);
      return grant !== undefined && grant.expires > Date.now() ? grant : undefined;
    },
    refresh: {
      issue: (username) => {
        const token = randomToken();
        users.set(token, username);
        return token;
      },
      read: (token) => users.get(token),
    },
  };
}

function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Clients ask for leave to pull; whether what is not there may be made for them is for us to know. */
function withMaking(actions: readonly Action[]): readonly Action[] {
  return actions.includes("pull") && !actions.includes("make") ? [...actions, "make"] : actions;
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

/** `/token` of the registry as the client names it; a client that lies in `Host` only misleads itself. */
function ownRealm(request: IncomingMessage): string {
  const scheme = "encrypted" in request.socket ? "https" : "http";
  return `${scheme}://${request.headers.host ?? "localhost"}${TOKEN_PATH}`;
}

function wrongCredentials(): RegistryError {
  return new RegistryError("UNAUTHORIZED", "the credentials are wrong");
}
