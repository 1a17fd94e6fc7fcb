import { z } from "zod";
import { basicHeader } from "../../credentials/credential.ts";
import type { Credential } from "../../credentials/credential.ts";
import { TransportError } from "../../errors.ts";
import { assertSafeTarget } from "../http/address.ts";
import { PassingFault } from "../http/attempts.ts";
import type { Method, RequestHeaders } from "../http/exchange.ts";
import type { Reply } from "../http/reply.ts";
import { replyFault } from "../http/reply-fault.ts";
import type { Scope } from "./scope.ts";

/** Bytes; tokens of some registries run to several KiB. */
const TOKEN_ANSWER_LIMIT = 1024 * 1024;
/** Seconds, where the server does not say (distribution, token authentication, "expires_in"). */
const DEFAULT_LIFETIME = 60;
const CLIENT = "cooper";

const TokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
  refresh_token: z.string().optional(),
});

/** Where tokens come from: a Bearer challenge, read. */
export interface TokenServer {
  readonly realm: string;
  readonly service: string | undefined;
}

export interface Token {
  readonly value: string;
  /** Seconds from now. */
  readonly lifetime: number;
  /** An identity token that takes the place of the one that was shown. */
  readonly refreshToken: string | undefined;
}

/** How a token server is reached: no registry credentials, no redirects. */
export type AskTokenServer = (request: {
  readonly method: Method;
  readonly url: URL;
  readonly headers: RequestHeaders;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}) => Promise<Reply>;

export interface TokenRequest {
  readonly server: TokenServer;
  readonly credential: Credential;
  /** The one that is needed first: some servers read only one. */
  readonly scopes: readonly Scope[];
  /** The registry's own address, and its name in references. */
  readonly registry: URL;
  readonly host: string;
  readonly ask: AskTokenServer;
  readonly redact: (text: string) => string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a token server for a token (distribution, "Token Authentication" and "OAuth 2.0 Token
 * Authentication"). `UNAUTHORIZED`, `DENIED`, `UNSAFE_ADDRESS`, `BAD_RESPONSE` and the network's.
 */
export async function requestToken(request: TokenRequest): Promise<Token> {
  const realm = parseRealm(request);
  if (request.credential.kind === "identity") {
    const traded = await refresh(request, realm, request.credential.token);
    if (traded !== undefined) return traded;
  }
  const url = new URL(realm);
  if (request.server.service !== undefined) url.searchParams.set("service", request.server.service);
  for (const scope of request.scopes) url.searchParams.append("scope", scope);
  url.searchParams.set("client_id", CLIENT);
  const account = accountOf(request.credential);
  if (account !== undefined) url.searchParams.set("account", account.username);
  const reply = await request.ask({
    method: "GET",
    url,
    headers: account === undefined ? {} : { authorization: basicHeader(account.username, account.password) },
    signal: request.signal,
  });
  return await readToken(request, reply);
}

/** Trades an identity token; nothing where the server does not know how (404), and GET has to do. */
async function refresh(request: TokenRequest, realm: URL, identity: string): Promise<Token | undefined> {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: CLIENT,
    refresh_token: identity,
    scope: request.scopes.join(" "),
  });
  if (request.server.service !== undefined) form.set("service", request.server.service);
  const reply = await request.ask({
    method: "POST",
    url: realm,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
    signal: request.signal,
  });
  if (reply.status === 404 || reply.status === 405) {
    await reply.drop();
    return undefined;
  }
  return await readToken(request, reply);
}

async function readToken(request: TokenRequest, reply: Reply): Promise<Token> {
  const { host } = request;
  if (reply.status !== 200) throw await refused(request, reply);
  const bad = (why: string): TransportError =>
    new TransportError("BAD_RESPONSE", `${host}: its token server ${reply.url.host} ${why}`, {
      fields: { host },
    });
  const answer = TokenAnswer.safeParse(parseJson(await reply.bytes(TOKEN_ANSWER_LIMIT)));
  if (!answer.success) throw bad("gave an answer that is not a token's");
  const value = answer.data.token || answer.data.access_token;
  if (value === undefined || value === "") throw bad("gave no token");
  if (!/^[\u0021-\u007e]+$/.test(value)) throw bad("gave a token that cannot stand in a header");
  return {
    value,
    lifetime: Math.max(answer.data.expires_in ?? 0, DEFAULT_LIFETIME),
    refreshToken: answer.data.refresh_token,
  };
}

async function refused(request: TokenRequest, reply: Reply): Promise<TransportError> {
  const fault = await replyFault(reply, {
    host: request.host,
    name: request.host,
    what: `a token from ${reply.url.host}`,
    redact: request.redact,
  });
  if (fault instanceof PassingFault || (reply.status !== 400 && reply.status !== 401)) return fault;
  const login = `cooper login ${request.host}`;
  return new TransportError("UNAUTHORIZED", fault.message, {
    fields: fault.fields,
    advice:
      request.credential.kind === "anonymous"
        ? `Check the name; if it is right, log in: ${login}`
        : `The stored credentials are not accepted; log in again: ${login}`,
  });
}

function parseRealm({ server, registry, host }: TokenRequest): URL {
  if (!URL.canParse(server.realm)) {
    throw new TransportError("BAD_RESPONSE", `${host}: its token server has no address that can be read`, {
      fields: { host },
    });
  }
  const realm = new URL(server.realm);
  assertSafeTarget(realm, registry, "the token server");
  return realm;
}

function accountOf(credential: Credential): { username: string; password: string } | undefined {
  if (credential.kind === "basic") return credential;
  // A registry that knows identity tokens but not the POST takes them as this account's password.
  if (credential.kind === "identity") {
    return { username: credential.username ?? "<token>", password: credential.token };
  }
  return undefined;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
