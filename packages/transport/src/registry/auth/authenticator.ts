import { basicHeader, identityCredential, secretsOf } from "../../credentials/credential.ts";
import type { Credential } from "../../credentials/credential.ts";
import type { Challenge } from "./challenge.ts";
import { coversScopes, mergeScopes, parseScopes } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { requestToken } from "./token.ts";
import type { AskTokenServer, Token, TokenServer } from "./token.ts";

/** Seconds before its end at which a token is no longer used: a request takes time to arrive. */
const MARGIN = 10;

export interface AuthenticatorOptions {
  readonly host: string;
  readonly credential: Credential;
  readonly ask: AskTokenServer;
}

interface HeldToken {
  readonly scopes: readonly Scope[];
  readonly value: string;
  /** Milliseconds of the monotonic clock: a wall clock may jump. */
  readonly expires: number;
}

/** What a request is shown to: the registry's address and what it asked for so far. */
export interface Asked {
  readonly registry: URL;
  /** Needed first. */
  readonly scopes: readonly Scope[];
  readonly signal?: AbortSignal | undefined;
}

/** Makes the `Authorization` header of one repository's requests, and keeps its tokens. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  #credential: Credential;
  #offered: "nothing" | "basic" | TokenServer = "nothing";
  #tokens: HeldToken[] = [];
  readonly #fetching = new Map<string, Promise<HeldToken>>();
  /** What the registry asked for beyond what a request of ours thought that it needs. */
  #extra: readonly Scope[] = [];

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#credential = options.credential;
  }

  /** Whether any way to authenticate is known yet. */
  get informed(): boolean {
    return this.#offered !== "nothing";
  }

  /** Takes note of what a server offers: tokens before passwords, as they go over the wire less often. */
  learn(challenges: readonly Challenge[]): void {
    const bearer = challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters["realm"]);
    if (bearer !== undefined) {
      this.#offered = { realm: bearer.parameters["realm"] ?? "", service: bearer.parameters["service"] };
    } else if (challenges.some(({ scheme }) => scheme === "basic")) {
      this.#offered = "basic";
    }
  }

  /** The header for a request, or none. Asks the token server where that is needed. */
  async header(asked: Asked): Promise<string | undefined> {
    const credential = this.#credential;
    if (credential.kind === "bearer") return `Bearer ${credential.token}`;
    if (this.#offered === "nothing") return undefined;
    if (this.#offered === "basic") {
      if (credential.kind === "basic") return basicHeader(credential.username, credential.password);
      if (credential.kind === "identity")
        return basicHeader(credential.username ?? "<token>", credential.token);
      return undefined;
    }
    return `Bearer ${(await this.#token(this.#offered, asked)).value}`;
  }

  /**
   * After a 401, or a 403 that speaks of scope: drops the token that did not do and takes note of what
   * was asked for instead. Whether another try can end differently.
   */
  async renew(challenges: readonly Challenge[], asked: Asked, sent: string | undefined): Promise<boolean> {
    if (this.#credential.kind === "bearer") return false;
    const before = this.#offered;
    this.learn(challenges);
    const wanted = challenges.flatMap(({ parameters }) => parseScopes(parameters["scope"]));
    this.#extra = mergeScopes([...this.#extra, ...wanted]);
    if (this.#offered === "nothing") return false;
    if (this.#offered === "basic") {
      const next = await this.header(asked);
      return next !== undefined && next !== sent;
    }
    this.#tokens = this.#tokens.filter(({ value }) => `Bearer ${value}` !== sent);
    return before !== this.#offered || sent !== undefined || challenges.length > 0;
  }

  /** Takes everything out of a text that must not be seen. */
  readonly redact = (text: string): string => {
    const secrets = [
      ...secretsOf(this.#options.credential),
      ...secretsOf(this.#credential),
      ...this.#tokens.map(({ value }) => value),
    ];
    return secrets
      .filter((secret) => secret.length >= 4)
      .reduce((shown, secret) => shown.replaceAll(secret, "(hidden)"), text);
  };

  async #token(server: TokenServer, asked: Asked): Promise<HeldToken> {
    const now = performance.now();
    this.#tokens = this.#tokens.filter(({ expires }) => expires > now);
    const related = this.#extra.filter((extra) =>
      asked.scopes.some((scope) => resourceOf(scope) === resourceOf(extra)),
    );
    const scopes = mergeScopes([...asked.scopes, ...related]);
    const held = this.#tokens.find((token) => coversScopes(token.scopes, scopes));
    if (held !== undefined) return held;
    const key = `${server.realm} ${server.service ?? ""} ${scopes.join(" ")}`;
    const fetching = this.#fetching.get(key) ?? this.#fetch(server, asked.registry, scopes);
    if (!this.#fetching.has(key)) {
      this.#fetching.set(key, fetching);
      const forget = (): void => void this.#fetching.delete(key);
      fetching.then(forget, forget);
    }
    return await untilAborted(fetching, asked.signal);
  }

  /** Not stopped by one caller's signal: others may be waiting for the same token. */
  async #fetch(server: TokenServer, registry: URL, scopes: readonly Scope[]): Promise<HeldToken> {
    const { host, ask } = this.#options;
    const started = performance.now();
    const credential = this.#credential;
    const token: Token = await requestToken({
      server,
      credential,
      scopes,
      registry,
      host,
      ask,
      redact: this.redact,
    });
    if (token.refreshToken !== undefined && credential.kind === "identity") {
      this.#credential = identityCredential(token.refreshToken, credential.username);
    }
    const margin = Math.min(MARGIN, token.lifetime / 2);
    const held = { scopes, value: token.value, expires: started + (token.lifetime - margin) * 1000 };
    this.#tokens.push(held);
    return held;
  }
}

function resourceOf(scope: Scope): string {
  return scope.slice(0, scope.lastIndexOf(":"));
}

/** Waits for work that is shared, and leaves it running when this caller gives up. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
