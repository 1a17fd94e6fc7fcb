import type { ByteStream } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import type { Credential } from "../credentials/credential.ts";
import { TransportError } from "../errors.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { parseChallenges } from "./auth/challenge.ts";
import type { Scope } from "./auth/scope.ts";
import { assertSafeTarget } from "./http/address.ts";
import { Attempts, PassingFault } from "./http/attempts.ts";
import type { Method, RequestHeaders } from "./http/exchange.ts";
import type { RegistryHost } from "./http/host.ts";
import type { Reply } from "./http/reply.ts";
import { replyFault } from "./http/reply-fault.ts";
import type { RegistryOptions } from "./options.ts";

/** What credentials and configuration say about a repository. */
export interface Account {
  readonly credential: Credential;
  /** `HttpHeaders` of Docker's configuration. */
  readonly headers: RequestHeaders;
  /** Why credentials may be missing: a helper that could not be asked. */
  readonly note?: string | undefined;
}

/** A request of one repository's, before anything is known about addresses and tokens. */
export interface RegistryRequest {
  readonly method: Method;
  /** A path under the registry's root, or a whole URL that the registry gave. */
  readonly target: string | URL;
  /** What a token for it must allow, the needed scope first. */
  readonly scopes: readonly Scope[];
  /** For people: `manifest latest`. */
  readonly what: string;
  /** Statuses that are an answer; any other is thrown as an error. */
  readonly accept: readonly number[];
  readonly headers?: RequestHeaders | undefined;
  /** Opened anew for each time that it is sent. */
  readonly body?: Uint8Array | { readonly open: () => ByteStream; readonly size?: number | undefined };
  readonly attempts: Attempts;
  /** Who tries again: this session, or the caller, who knows how to go on where it stopped. */
  readonly retry?: "here" | "caller" | undefined;
  /** `held`: the caller has a place in a lane already. */
  readonly place?: "short" | "held" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Speaks to one repository of a registry: finds the address, authenticates, retries, names faults. */
export class RegistrySession {
  readonly host: RegistryHost;
  /** For people: `ghcr.io/a/b`. */
  readonly name: string;
  readonly options: RegistryOptions;
  readonly #open: () => Promise<Account>;
  #account: Promise<Account> | undefined;
  #authenticator: Promise<Authenticator> | undefined;

  constructor(host: RegistryHost, name: string, options: RegistryOptions, open: () => Promise<Account>) {
    this.host = host;
    this.name = name;
    this.options = options;
    this.#open = open;
  }

  /** The tries of one operation. */
  attempts(signal?: AbortSignal): Attempts {
    return new Attempts(this.options.retries, signal);
  }

  /** The registry's root, for addresses that it gives. */
  async base(signal?: AbortSignal): Promise<URL> {
    const { headers } = await this.#known();
    return (await this.host.reach(headers, signal)).base;
  }

  /** Sends a request until it is answered with a status that is accepted, or throws why not. */
  async send(request: RegistryRequest): Promise<Reply> {
    return await this.#trying(request, async (reply) => await Promise.resolve(reply));
  }

  /** The same for an answer that is wanted whole: a body that breaks off is asked for again. */
  async receive(
    request: RegistryRequest,
    limit: number,
  ): Promise<{ readonly reply: Reply; readonly bytes: Buffer }> {
    return await this.#trying(request, async (reply) => ({ reply, bytes: await reply.bytes(limit) }));
  }

  async #trying<T>(request: RegistryRequest, use: (reply: Reply) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- tries come one after the other
        return await use(await this.#try(request));
      } catch (fault) {
        if (request.retry === "caller") throw fault;
        // oxlint-disable-next-line no-await-in-loop
        await request.attempts.again(fault);
      }
    }
  }

  async #try(request: RegistryRequest): Promise<Reply> {
    try {
      return await this.#ask(request);
    } catch (error) {
      const { note } = await this.#known();
      if (note === undefined || !isFault(error, "UNAUTHORIZED", "DENIED") || error instanceof PassingFault)
        throw error;
      throw new TransportError(error.code === "DENIED" ? "DENIED" : "UNAUTHORIZED", error.message, {
        cause: error,
        fields: error.fields,
        advice: `Credentials could not be looked up: ${note}.`,
      });
    }
  }

  async #ask(request: RegistryRequest): Promise<Reply> {
    const { signal } = request;
    const leave = request.place === "held" ? undefined : await this.host.lanes.short.enter(signal);
    try {
      const { headers } = await this.#known();
      const { base, challenges } = await this.host.reach(headers, signal);
      this.#authenticator ??= this.#authenticate();
      const authenticator = await this.#authenticator;
      const url = new URL(request.target, base);
      const own = url.origin === base.origin;
      if (!own) assertSafeTarget(url, base, "the location");
      const asked = { registry: base, scopes: request.scopes, signal };
      if (!authenticator.informed) authenticator.learn(challenges);
      for (let renewed = false; ; renewed = true) {
        // oxlint-disable-next-line no-await-in-loop
        const authorization = own ? await authenticator.header(asked) : undefined;
        // oxlint-disable-next-line no-await-in-loop
        const reply = await this.host.send(
          {
            method: request.method,
            url,
            headers: request.headers ?? {},
            ownHeaders: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
            body: openBody(request.body),
            signal,
          },
          base,
        );
        const offered = parseChallenges(reply.headers("www-authenticate"));
        const short =
          reply.status === 403 && offered.some((one) => one.parameters["error"] === "insufficient_scope");
        if (own && !renewed && !reply.redirected && (reply.status === 401 || short)) {
          // oxlint-disable-next-line no-await-in-loop
          if (await authenticator.renew(offered, asked, authorization)) {
            // oxlint-disable-next-line no-await-in-loop
            await reply.drop();
            continue;
          }
        }
        if (request.accept.includes(reply.status)) return reply;
        // oxlint-disable-next-line no-await-in-loop
        throw await replyFault(reply, {
          host: this.host.name,
          name: this.name,
          what: request.what,
          redact: authenticator.redact,
        });
      }
    } finally {
      leave?.();
    }
  }

  async #known(): Promise<Account> {
    this.#account ??= this.#open().catch((error: unknown) => {
      this.#account = undefined;
      throw error;
    });
    return await this.#account;
  }

  async #authenticate(): Promise<Authenticator> {
    const { credential } = await this.#known();
    return new Authenticator({
      host: this.host.name,
      credential,
      ask: async (request) => await this.host.sendOnce(request),
    });
  }
}

function openBody(
  body: RegistryRequest["body"],
): Uint8Array | { stream: ByteStream; size: number | undefined } | undefined {
  if (body === undefined || body instanceof Uint8Array) return body;
  return { stream: body.open(), size: body.size };
}
