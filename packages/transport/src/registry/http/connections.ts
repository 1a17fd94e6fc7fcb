import { lookup as resolveName } from "node:dns";
import type { LookupFunction } from "node:net";
import type * as Undici from "undici";
import type { Dispatcher } from "undici";
import { TransportError } from "../../errors.ts";
import { milliseconds } from "../options.ts";
import type { RegistryOptions } from "../options.ts";
import { hostnameOf, isLoopback, isPrivateAddress } from "./address.ts";
import { proxyFor } from "./proxy.ts";
import { defaultCertificateDirectories, secureContextFor } from "./tls.ts";

/** Which addresses a host name may lead to. */
export type Reachable = "any" | "public";

/** The open connections to every origin that a client talks to: a pool for each. */
export class Connections {
  readonly #options: RegistryOptions;
  readonly #pools = new Map<string, Dispatcher>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * The pool for a URL's origin, through the proxy that is given (`direct` for none), or else the one that
   * the environment names. `UNSAFE_ADDRESS`, `TLS`
   */
  async dispatcher(url: URL, reachable: Reachable, given?: string): Promise<Dispatcher> {
    // A third of the start of a command that asks nobody.
    const undici = await import("undici");
    if (reachable === "public") assertPublicLiteral(url);
    const key = `${reachable} ${url.origin} ${given ?? ""}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const made = this.#open(undici, url, reachable, given);
    this.#pools.set(key, made);
    return made;
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(async (pool) => await pool.destroy()));
  }

  #open(undici: typeof Undici, url: URL, reachable: Reachable, given: string | undefined): Dispatcher {
    const { insecure, timeouts } = this.#options;
    const environment = this.#options.environment ?? process.env;
    const directories = this.#options.certificateDirectories ?? defaultCertificateDirectories(environment);
    const tls = {
      ...(url.protocol === "https:"
        ? { secureContext: secureContextFor(url.host, { environment, directories }) }
        : {}),
      rejectUnauthorized: insecure !== true,
    };
    const pool = {
      allowH2: false, // several HTTP/1.1 connections carry blobs faster than streams in one
      connectTimeout: milliseconds(timeouts, "connect"),
      bodyTimeout: milliseconds(timeouts, "idle"),
      headersTimeout: milliseconds(timeouts, "answer"),
    };
    const named = given ?? proxyFor(url, environment);
    const proxy = named === "direct" ? undefined : named;
    if (proxy !== undefined && !URL.canParse(proxy)) {
      // Its text is not shown: there may be a password in it.
      throw new TransportError("INVALID_OPTIONS", `the proxy for ${url.host} is not an address`, {
        advice: "Correct HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or the configuration: http://HOST:PORT.",
        kind: "usage",
      });
    }
    if (proxy !== undefined) return new undici.ProxyAgent({ ...pool, uri: proxy, requestTls: tls });
    return new undici.Pool(url.origin, {
      ...pool,
      connect: {
        ...tls,
        timeout: milliseconds(timeouts, "connect"),
        ...(reachable === "public" ? { lookup: publicLookup } : {}),
      },
    });
  }
}

function assertPublicLiteral(url: URL): void {
  const hostname = hostnameOf(url);
  if (!isPrivateAddress(hostname) && !isLoopback(hostname)) return;
  throw privateAddress(hostname, hostname);
}

/** Resolves a name, and fails where any of its addresses is private (so that no later choice can differ). */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    const hidden = addresses.find(({ address }) => isPrivateAddress(address));
    if (hidden !== undefined) return callback(privateAddress(hostname, hidden.address), []);
    const first = addresses[0];
    if (options.all === true || first === undefined) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

function privateAddress(hostname: string, address: string): TransportError {
  return new TransportError("UNSAFE_ADDRESS", `${hostname} is at a private address (${address})`, {
    advice: "Only hosts on the public internet are allowed here.",
    fields: { host: hostname },
  });
}
