import type { Connections, Reachable } from "./connections.ts";
import { DOCKER_HUB, DOCKER_HUB_API } from "../../credentials/host-key.ts";
import { TransportError } from "../../errors.ts";
import { parseChallenges } from "../auth/challenge.ts";
import type { Challenge } from "../auth/challenge.ts";
import { untilAborted } from "../auth/authenticator.ts";
import type { RegistryOptions } from "../options.ts";
import { assertSafeTarget, hostnameOf, isLoopback, isPrivateAddress } from "./address.ts";
import { exchange } from "./exchange.ts";
import type { Method, RequestHeaders, StreamBody } from "./exchange.ts";
import { Lane } from "./lanes.ts";
import type { LaneName } from "./lanes.ts";
import { networkFault, speaksNoTls } from "./network-fault.ts";
import { parseRateLimit } from "./rate-limit.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { Reply } from "./reply.ts";
import { parseWarnings } from "./warnings.ts";

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Milliseconds after which a host that may speak plain HTTP is asked that way too. */
const PLAIN_HEAD_START = 300;

/** Where a registry is and what it asks of everyone, learnt from `GET /v2/`. */
export interface Reached {
  readonly base: URL;
  readonly challenges: readonly Challenge[];
}

/** A request to a registry, or to where it leads. */
export interface HostRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: RequestHeaders;
  /** Only ever sent to the registry's own origin, and never after a redirect. */
  readonly ownHeaders: RequestHeaders;
  readonly body?: Uint8Array | StreamBody | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One registry host: its address, connections and limits, shared by all its repositories. */
export class RegistryHost {
  /** As it stands in references. */
  readonly name: string;
  readonly lanes: Readonly<Record<LaneName, Lane>>;
  rateLimit: RateLimit | undefined;
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #options: RegistryOptions;
  readonly #connections: Connections;
  readonly #warned = new Set<string>();
  #reached: Promise<Reached> | undefined;
  #standing: "new" | "reached" = "new";

  constructor(name: string, options: RegistryOptions, connections: Connections) {
    this.name = name;
    this.#options = options;
    this.#connections = connections;
    const limit = Math.max(1, options.parallel ?? 6);
    this.lanes = { download: new Lane(limit), upload: new Lane(limit), short: new Lane(limit) };
  }

  /** Finds out, once, how the registry is spoken to. */
  async reach(headers: RequestHeaders, signal?: AbortSignal): Promise<Reached> {
    this.#reached ??= this.#find(headers).catch((error: unknown) => {
      this.#reached = undefined; // the next request tries again
      throw error;
    });
    return await untilAborted(this.#reached, signal);
  }

  /** Sends one request and follows redirects of GET and HEAD by hand, without credentials. */
  async send(
    request: HostRequest,
    base: URL,
    reachable: Reachable = this.#options.addresses ?? "any",
  ): Promise<Reply> {
    let { url } = request;
    const visited: URL[] = [];
    for (;;) {
      const own = visited.length === 0 && url.origin === base.origin;
      const headers = own ? { ...request.ownHeaders, ...request.headers } : request.headers;
      // oxlint-disable-next-line no-await-in-loop -- each answer says where to go next
      const reply = await this.#one({ ...request, url, headers }, reachable);
      if (url.origin === base.origin) this.#note(reply);
      const location = reply.header("location");
      const follow = REDIRECTS.has(reply.status) && (request.method === "GET" || request.method === "HEAD");
      if (!follow || location === undefined) return visited.length === 0 ? reply : reply.afterRedirect();
      // oxlint-disable-next-line no-await-in-loop
      await reply.drop();
      visited.push(url);
      url = this.#target(location, url, base);
      if (visited.length > MAX_REDIRECTS || visited.some((seen) => seen.href === url.href)) {
        throw new TransportError("BAD_RESPONSE", `${this.name}: redirects without end`, {
          fields: { host: this.name },
        });
      }
    }
  }

  /** Sends one request to anywhere and follows nothing: for token servers. */
  async sendOnce(request: Omit<HostRequest, "ownHeaders">): Promise<Reply> {
    return await this.#one(request, this.#options.addresses ?? "any");
  }

  /** Runs work on the same thing (a tag that is read, changed and written) one after the other. */
  async inTurn<T>(thing: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(thing) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#queues.set(thing, turn);
    try {
      return await turn;
    } finally {
      if (this.#queues.get(thing) === turn) this.#queues.delete(thing);
    }
  }

  async #one(request: Omit<HostRequest, "ownHeaders">, reachable: Reachable): Promise<Reply> {
    const reply = await exchange({
      ...request,
      dispatcher: await this.#connections.dispatcher(request.url, reachable),
      timeouts: this.#options.timeouts,
      standing: this.#standing,
    });
    this.#standing = "reached";
    return reply;
  }

  #target(location: string, from: URL, base: URL): URL {
    if (!URL.canParse(location, from.href)) {
      throw new TransportError("BAD_RESPONSE", `${this.name}: redirects to an address that cannot be read`, {
        fields: { host: this.name },
      });
    }
    const target = new URL(location, from);
    assertSafeTarget(target, base, "a redirect to");
    return target;
  }

  #note(reply: Reply): void {
    for (const text of parseWarnings(reply.headers("warning"))) {
      if (this.#warned.has(text) || this.#warned.size >= 100) continue;
      this.#warned.add(text);
      this.#options.onWarning?.({ host: this.name, text });
    }
    const limit = parseRateLimit(
      this.name,
      reply.header("ratelimit-limit"),
      reply.header("ratelimit-remaining"),
    );
    if (limit === undefined) return;
    this.rateLimit = limit;
    this.#options.onRateLimit?.(limit);
  }

  async #find(headers: RequestHeaders): Promise<Reached> {
    const authority = this.name === DOCKER_HUB ? DOCKER_HUB_API : this.name;
    const secure = parseBase(`https://${authority}/v2/`, this.name);
    const hostname = hostnameOf(secure);
    const mayBePlain = this.#options.insecure === true || isLoopback(hostname) || isPrivateAddress(hostname);
    if (!mayBePlain) return await this.#ping(secure, headers);
    const plain = parseBase(`http://${authority}/v2/`, this.name);
    return await this.#race(secure, plain, headers);
  }

  /** TLS first; plain HTTP where that fails or is slow. A certificate that is not trusted is no reason for it. */
  async #race(secure: URL, plain: URL, headers: RequestHeaders): Promise<Reached> {
    const overTls = this.#ping(secure, headers);
    const late = Symbol("late");
    let timer: NodeJS.Timeout | undefined;
    const headStart = new Promise<typeof late>((resolve) => {
      timer = setTimeout(() => resolve(late), PLAIN_HEAD_START);
    });
    const first = await Promise.race([overTls, headStart]).catch((error: unknown) => {
      const fault = networkFault(error, this.name, "new");
      if (fault.code === "TLS" && !speaksNoTls(fault)) throw fault;
      return fault;
    });
    clearTimeout(timer);
    if (first !== late && !(first instanceof TransportError)) return first;
    const overPlain = this.#ping(plain, headers);
    if (first instanceof TransportError) return await overPlain;
    return await Promise.any([overTls, overPlain]).catch(async () => await overTls);
  }

  async #ping(url: URL, headers: RequestHeaders): Promise<Reached> {
    const reply = await this.sendOnce({ method: "GET", url, headers });
    this.#note(reply);
    const challenges = reply.status === 401 ? parseChallenges(reply.headers("www-authenticate")) : [];
    await reply.drop();
    if (url.protocol === "http:" && reply.status === 400) {
      // What a TLS server of Go answers to plain HTTP. Any other status comes from something to talk to.
      throw new TransportError("BAD_RESPONSE", `${this.name}: does not take plain HTTP`, {
        fields: { host: this.name },
      });
    }
    return { base: new URL("/", url.href), challenges };
  }
}

function parseBase(text: string, host: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new TransportError("BAD_RESPONSE", `${JSON.stringify(host)} is not a host`, {
    kind: "usage",
    fields: { host },
  });
}
