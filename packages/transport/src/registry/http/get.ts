import type { Cancellable } from "@cooper/archive";
import { TransportError } from "../../errors.ts";
import type { Connections } from "./connections.ts";
import { exchange, type RequestHeaders } from "./exchange.ts";
import type { Reply } from "./reply.ts";

export interface GetOptions extends Cancellable {
  readonly connections: Connections;
  /** Sent wherever redirects lead. */
  readonly headers?: RequestHeaders | undefined;
  /** Sent to the address's own origin alone: what is for one host is for no other. */
  readonly ownHeaders?: RequestHeaders | undefined;
  /** The address of a proxy, or `direct` for none; default: what the environment says. */
  readonly proxy?: string | undefined;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for a file of the web, redirects and all, and gives the answer whatever its status. It never
 * goes from https to http. `BAD_RESPONSE`, `UNSAFE_ADDRESS`, and what `exchange` throws.
 */
export async function get(address: URL, options: GetOptions): Promise<Reply> {
  let url = address;
  for (let redirects = 0; ; redirects++) {
    // oxlint-disable-next-line no-await-in-loop -- each answer says where to go next
    const reply = await exchange({
      method: "GET",
      url,
      headers: { ...options.headers, ...(url.origin === address.origin ? options.ownHeaders : {}) },
      // oxlint-disable-next-line no-await-in-loop
      dispatcher: await options.connections.dispatcher(url, "any", options.proxy),
      timeouts: undefined,
      standing: "new",
      signal: options.signal,
    });
    const location = reply.header("location");
    if (!REDIRECTS.has(reply.status) || location === undefined) return reply;
    // oxlint-disable-next-line no-await-in-loop
    await reply.drop();
    if (redirects >= MAX_REDIRECTS) {
      throw new TransportError("BAD_RESPONSE", `${address.host} redirects without end`);
    }
    url = redirected(url, location);
  }
}

function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) {
    throw new TransportError("BAD_RESPONSE", `${from.host} redirects to what is no address`);
  }
  const target = new URL(location, from);
  const isSafe = target.protocol === "https:" || (target.protocol === "http:" && from.protocol === "http:");
  if (!isSafe) {
    throw new TransportError(
      "UNSAFE_ADDRESS",
      `${from.host} redirects from ${from.protocol} to ${target.protocol}`,
    );
  }
  target.username = "";
  target.password = "";
  return target;
}
